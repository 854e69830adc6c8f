// Tests of added tokens: their flags, which files name them, and ids beyond the embedding. The expected ids
// and pieces are those of Hugging Face's tokenizers 0.22 and 0.23, and of transformers 4.57 and 5.24.
import { describe, expect, it } from 'vitest'
import { Notices } from '../../src/lib/notices.ts'
import { mergeTokenFiles } from '../../src/text/token-config.ts'
import { openTokenizer } from '../../src/text/tokenizer.ts'
import { demoFile } from './fixtures.ts'

const VOCAB = 1536
const ROWS = VOCAB + 16
const PLAIN = { special: false, lstrip: false, rstrip: false, normalized: true, single_word: false }
const SPECIAL = { ...PLAIN, special: true, normalized: false }

/** The demo model's tokenizer.json with more added tokens, which get the next ids. */
function withTokens(tokens: readonly object[], fields: object = {}) {
  const file = demoFile()
  const more = tokens.map((token, at) => ({ ...PLAIN, ...token, id: VOCAB + at }))
  return { ...file, ...fields, added_tokens: [...file.added_tokens, ...more] }
}

function open(json: unknown, config: unknown = {}, rows = ROWS) {
  const notices = new Notices()
  return { tokenizer: openTokenizer(json, config, { vocab: rows, notices }), notices }
}

/** The pieces of a plain text as displayed. */
function cut(tokens: readonly object[], text: string, fields: object = {}): string[] {
  const { tokenizer } = open(withTokens(tokens, fields))
  return tokenizer.encodePlain(text).map((id) => tokenizer.tokenText(id))
}

/** The added tokens among the ids of a trusted text. */
function found(tokens: readonly object[], text: string, fields: object = {}): number[] {
  const { tokenizer } = open(withTokens(tokens, fields))
  return tokenizer.encode(text).flatMap((id) => (id >= VOCAB ? [id - VOCAB] : []))
}

describe('a flag', () => {
  it('single_word: only a word by itself is the token', () => {
    const pieces = ['c', 'on', 'c', 'ate', 'n', 'ate', ' ', 'cat']
    expect(cut([{ content: 'cat', single_word: true }], 'concatenate cat')).toEqual(pieces)
    const word = [{ content: 'né', single_word: true }]
    expect(found(word, 'né')).toEqual([0])
    for (const text of ['né_', 'né9', 'éné', '深né', 'né\u0301', '\u{10400}né', 'né\u{10400}'])
      expect(found(word, text), text).toEqual([])
    for (const text of ['né-', '“né”', '\u{1f600}né\u{1f600}', 'né né'])
      expect(found(word, text).length, text).toBe(text.split('né').length - 1)
  })

  it('lstrip, rstrip: the white space beside it goes, Unicode’s and not JavaScript’s', () => {
    const left = [{ content: '⟂', lstrip: true }]
    expect(cut(left, 'a \u0085\n⟂ a')).toEqual(['a', '⟂', ' a'])
    expect(cut(left, 'a\ufeff⟂').at(1)).not.toBe('⟂')
    const right = [{ content: '⟂', rstrip: true }]
    expect(cut(right, 'a ⟂ \u2029\u3000a')).toEqual(['a', ' ', '⟂', 'a'])
    // White space that one token has removed is still searched for another, unless that would remove it too.
    const spaces = (lstrip: boolean) => [
      { content: '⟂', rstrip: true },
      { content: '  ', lstrip },
    ]
    expect(found(spaces(false), '⟂  a  ')).toEqual([0, 1, 1])
    expect(found(spaces(true), '⟂  a  ')).toEqual([0, 1])
  })

  it('normalized: found in the normalised text, after those of the raw text', () => {
    const normalizer = { type: 'NFC' }
    const tokens = [
      { content: 'é', normalized: true },
      { content: 'ñ', normalized: false },
    ]
    expect(found(tokens, 'e\u0301 \u00e9 n\u0303 \u00f1', { normalizer })).toEqual([0, 0, 1])
    expect(found(tokens, 'e\u0301 \u00e9 n\u0303 \u00f1')).toEqual([0, 1])
    const overlapping = [
      { content: 'catnip', normalized: true },
      { content: 'nip', normalized: false },
    ]
    expect(found(overlapping, 'catnip')).toEqual([1])
  })
})

describe('a token that only other files name', () => {
  const decoder = (entries: object) => ({ added_tokens_decoder: entries })
  it.each<[string, Parameters<typeof mergeTokenFiles>[0], Record<string, number>]>([
    [
      'added_tokens_decoder, by the order of its ids',
      {
        tokenizerConfig: decoder({
          1537: { ...SPECIAL, content: '<|b|>' },
          1536: { ...SPECIAL, content: '<|a|>' },
        }),
      },
      { '<|a|>': 1536, '<|b|>': 1537 },
    ],
    [
      'added_tokens_decoder with an id that is not the next',
      { tokenizerConfig: decoder({ 1540: { ...SPECIAL, content: '<|a|>' } }) },
      { '<|a|>': 1536 },
    ],
    [
      'the special tokens, as texts or objects',
      {
        tokenizerConfig: {
          pad_token: '<|pad|>',
          eos_token: { __type: 'AddedToken', ...SPECIAL, content: '<|end|>' },
          additional_special_tokens: ['<|more|>'],
          eot_token: '<|eot|>',
        },
      },
      { '<|end|>': 1536, '<|pad|>': 1537, '<|eot|>': 1538, '<|more|>': 1539 },
    ],
    [
      'the older files',
      {
        tokenizerConfig: {},
        specialTokensMap: { eos_token: '<|end|>', additional_special_tokens: ['<|more|>'] },
        addedTokens: { '<|end|>': 1536 },
      },
      { '<|end|>': 1536, '<|more|>': 1537 },
    ],
    [
      'not the older files beside added_tokens_decoder',
      {
        tokenizerConfig: decoder({ 1536: { ...SPECIAL, content: '<|a|>' } }),
        specialTokensMap: { pad_token: '<|pad|>' },
        addedTokens: { '<|b|>': 1537 },
      },
      { '<|a|>': 1536 },
    ],
  ])('is one token: %s', (_, files, ids) => {
    const { tokenizer, notices } = open(demoFile(), mergeTokenFiles(files))
    for (const text of ['<|a|>', '<|b|>', '<|end|>', '<|pad|>', '<|eot|>', '<|more|>']) {
      expect(tokenizer.controlId(text), text).toBe(ids[text])
      if (text in ids) expect(tokenizer.encode(`a${text}`).at(-1)).toBe(ids[text])
      expect(tokenizer.encodePlain(text).length).toBeGreaterThan(1)
    }
    for (const text of Object.keys(ids)) expect(notices.texts.join()).toContain(JSON.stringify(text))
  })

  it('keeps the id it has, and takes the flags of the config', () => {
    const [known] = demoFile().added_tokens
    const config = { added_tokens_decoder: { 9999: { ...known, lstrip: true } }, eos_token: 'Ġthe' }
    const { tokenizer, notices } = open(demoFile(), config)
    expect(tokenizer.encode(`a  ${known.content}`)).toEqual([...tokenizer.encode('a'), known.id])
    expect(tokenizer.idOf('Ġthe')).toBe(demoFile().model.vocab.Ġthe)
    expect(notices.texts).toEqual([])
  })

  it('is passed over where it is no token at all', () => {
    const junk = { added_tokens_decoder: { x: SPECIAL, 5: null, 1536: { content: '' } }, pad_token: 7 }
    expect(open(demoFile(), junk).tokenizer.encode('a')).toEqual(open(demoFile()).tokenizer.encode('a'))
  })
})

describe('an id beyond the embedding', () => {
  it.each<[string, unknown, unknown]>([
    ['an added token', withTokens([{ content: '[PAD]', special: true }]), {}],
    ['a token of the config', demoFile(), { pad_token: '[PAD]' }],
    [
      'an ordinary token that nothing merges to',
      {
        ...demoFile(),
        model: { ...demoFile().model, vocab: { ...demoFile().model.vocab, '[PAD]': 70_000 } },
      },
      {},
    ],
  ])('is a notice: %s', (_, json, config) => {
    const { tokenizer, notices } = open(json, config, VOCAB)
    expect(notices.texts.join()).toMatch(/beyond the 1536 rows .*"\[PAD\]"/)
    expect(tokenizer.idOf('[PAD]')).toBeGreaterThanOrEqual(VOCAB)
    expect(tokenizer.encode('a b')).toEqual(open(demoFile()).tokenizer.encode('a b'))
  })
})
