// Tests of malformed and hostile tokenizer files: each gives a clear error, soon.
import { describe, expect, it } from 'vitest'
import { HadalError } from '../../src/lib/error.ts'
import { checkRegexSafety } from '../../src/text/regex-safety.ts'
import { openTokenizer } from '../../src/text/tokenizer.ts'
import { demoFile, fixtures, random } from './fixtures.ts'

const VOCAB = 1536

function failure(json: unknown, vocab = VOCAB, config?: unknown): HadalError {
  try {
    openTokenizer(json, config, { vocab })
  } catch (error) {
    if (error instanceof HadalError) return error
    throw error
  }
  throw new Error('nothing was thrown')
}

/** The demo model's tokenizer.json with some fields, and some of its `model`, replaced. */
function changed(fields: Record<string, unknown>, model: Record<string, unknown> = {}): unknown {
  const file = demoFile()
  return { ...file, ...fields, model: { ...file.model, ...model } }
}

const split = (Regex: string, behavior = 'Isolated') => ({
  type: 'Sequence',
  pretokenizers: [
    { type: 'Split', pattern: { Regex }, behavior, invert: false },
    { type: 'ByteLevel', add_prefix_space: false, use_regex: false },
  ],
})

function nest(depth: number): unknown {
  let node: unknown = { type: 'ByteLevel' }
  for (let i = 0; i < depth; i++) node = { type: 'Sequence', pretokenizers: [node] }
  return node
}

describe('a malformed tokenizer.json', () => {
  const vocab = demoFile().model.vocab
  const token = { id: 9, content: 'x', special: true }
  it.each<[string, unknown]>([
    ['is nothing', null],
    ['is a text', 'tokenizer'],
    ['is a list', []],
    ['is empty', {}],
    ['has no model', { ...demoFile(), model: null }],
    ['has no vocabulary', changed({}, { vocab: undefined })],
    ['has an empty vocabulary', changed({ added_tokens: [] }, { vocab: {} })],
    ['has a text as an id', changed({}, { vocab: { ...vocab, x: '7' } })],
    ['has a fraction as an id', changed({}, { vocab: { ...vocab, x: 1.5 } })],
    ['has a negative id', changed({}, { vocab: { ...vocab, x: -1 } })],
    ['has a huge id', changed({}, { vocab: { ...vocab, x: 2 ** 40 } })],
    ['has two tokens of one id', changed({}, { vocab: { ...vocab, twin: 100 } })],
    ['has no merges', changed({}, { merges: undefined })],
    ['has a merge of one', changed({}, { merges: [['a']] })],
    ['has a merge of three', changed({}, { merges: ['a b c'] })],
    ['has a merge of numbers', changed({}, { merges: [[1, 2]] })],
    ['has a merge without a token', changed({}, { merges: [['a', 'nonsense']] })],
    ['has a merge of inherited names', changed({}, { merges: [['const', 'ructor']] })],
    ['has added tokens that are not a list', changed({ added_tokens: {} })],
    ['has an added token of null', changed({ added_tokens: [null] })],
    ['has an added token without a text', changed({ added_tokens: [{ ...token, content: '' }] })],
    ['has an added token without an id', changed({ added_tokens: [{ ...token, id: '9' }] })],
    ['has an added token on another’s id', changed({ added_tokens: [{ ...token, id: 100 }] })],
    ['has an added token twice', changed({ added_tokens: [token, { ...token, id: 10 }] })],
    ['has an endless added token', changed({ added_tokens: [{ ...token, content: 'x'.repeat(1 << 20) }] })],
    ['has a broken pattern', changed({ pre_tokenizer: split('[a') })],
    ['has a split without a pattern', changed({ pre_tokenizer: { type: 'Split' } })],
    ['has steps that are not a list', changed({ pre_tokenizer: { type: 'Sequence', pretokenizers: 5 } })],
    ['has a text as a step', changed({ pre_tokenizer: 'ByteLevel' })],
    ['nests its steps without end', changed({ pre_tokenizer: nest(5000) })],
  ])('is refused when it %s', (_, json) => {
    const error = failure(json)
    expect(error).toMatchObject({ code: 'bad_file', file: 'tokenizer.json' })
    expect(error.message.length).toBeLessThan(500)
  })

  it('is refused or read, whichever field is damaged', () => {
    const next = random(3)
    const junk = [null, 0, -1, 1e300, '', 'x', [], [[]], {}, true]
    for (const { tokenizer, vocab: rows } of fixtures.slice(0, 2)) {
      for (let round = 0; round < 150; round++) {
        const copy = structuredClone(tokenizer)
        damage(copy, next, junk[Math.floor(next() * junk.length)])
        try {
          const opened = openTokenizer(copy, undefined, { vocab: rows })
          opened.encode('a <think> 1 深') // the damage was harmless
        } catch (error) {
          expect(error).toBeInstanceOf(HadalError)
        }
      }
    }
  })
})

/** Replaces one random value somewhere in the tree. */
function damage(node: unknown, next: () => number, junk: unknown): void {
  const record = node as Record<string, unknown>
  const keys = Object.keys(record)
  const key = keys[Math.floor(next() * keys.length)] ?? ''
  const inner = record[key]
  if (typeof inner === 'object' && inner !== null && Object.keys(inner).length > 0 && next() < 0.8)
    damage(inner, next, junk)
  else record[key] = junk
}

describe('a tokenizer.json of another kind', () => {
  it.each<[string, unknown]>([
    ['Unigram', changed({}, { type: 'Unigram' })],
    ['Prepend', changed({ normalizer: { type: 'Prepend', prepend: '▁' } })],
    ['Replace', changed({ normalizer: { type: 'Sequence', normalizers: [{ type: 'Replace' }] } })],
    ['Metaspace', changed({ pre_tokenizer: { type: 'Metaspace' } })],
    ['byte-level', changed({ pre_tokenizer: null })],
    ['byte-level', changed({ decoder: null })],
    ['Sideways', changed({ pre_tokenizer: split('x', 'Sideways') })],
    ['pattern', changed({ pre_tokenizer: split('(a+)+b') })],
  ])('is named: %s', (name, json) => {
    const error = failure(json)
    expect(error).toMatchObject({ code: 'unsupported', file: 'tokenizer.json' })
    expect(error.message).toContain(name)
  })

  it('of another model is refused with both vocabulary sizes in the message', () => {
    const error = failure(demoFile(), 1000)
    expect(error).toMatchObject({ code: 'bad_file', file: 'tokenizer.json' })
    expect(error.message).toMatch(/1536.*1000/)
  })

  it('is read without a config, and refused with a damaged one', () => {
    expect(failure(demoFile(), VOCAB, 'x')).toMatchObject({ code: 'bad_file', file: 'tokenizer_config.json' })
    expect(openTokenizer(demoFile(), undefined, { vocab: VOCAB }).bosId).toBeUndefined()
    expect(openTokenizer(demoFile(), { bos_token: 'nonsense' }, { vocab: VOCAB }).bosId).toBeUndefined()
  })
})

describe('a pattern', () => {
  it('is safe in the published tokenizers', () => {
    for (const { tokenizer } of fixtures) {
      for (const [, source] of JSON.stringify(tokenizer).matchAll(/"Regex":("(?:[^"\\]|\\.)*")/g)) {
        expect(checkRegexSafety([JSON.parse(source ?? '""')])).toBeUndefined()
      }
    }
  })

  it.each([
    '(a+)+',
    '(a|a)*',
    '((a?)+b)*',
    '(a*){20}',
    'a{2,}+',
    '(?:x{9}){9}',
    'a*a*a*a*a*b',
    '(a)\\1',
    '(',
    ')',
    '(a|b){9,}',
    '(aa?)+b',
    '(a|aa)(a|aa)(a|aa)(a|aa)(a|aa)(a|aa)(a|aa)(a|aa)(a|aa)b',
    'a?a?a?a?a?a?a?a?a?aaaaaaaaa',
    'a*a*b',
    '(?:a*)?a*a*b',
    '(?:a*a*b)?',
    'a*(?=a*a*b)',
    'a+(?!b+)',
    'a{5000}',
    'a{0,99}a{0,99}b',
    'a{2}{3}',
  ])('is refused when its time can explode: %s', (pattern) => {
    expect(checkRegexSafety([pattern])).toBeTypeOf('string')
  })

  it.each([
    'a++b',
    'a+?',
    '(?:ab)+',
    '[)(+*]+',
    '\\(+',
    '\\p{N}{1,3}',
    "(?i:'s|'t)?",
    '(?=a)b',
    '[[a]b]+',
    "\\p{Lu}*\\p{Ll}+(?i:'s|'t)?",
    '\\s+(?!\\S)',
    '\\s{512}(?!\\S)',
  ])('is accepted when it is safe: %s', (pattern) => {
    expect(checkRegexSafety([pattern])).toBeUndefined()
  })
})

it('refuses a text longer than any context', () => {
  const tokenizer = openTokenizer(demoFile(), undefined, { vocab: VOCAB })
  expect(() => tokenizer.encode('a'.repeat(2 ** 22 + 1))).toThrow(
    expect.objectContaining({ code: 'bad_request' }),
  )
})
