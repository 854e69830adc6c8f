// Tests of encoding and decoding: the ids and texts of the original tokenizers. Goldens and vectors are from
// the Rust library.
import { describe, expect, it } from 'vitest'
import { openChatEncoder } from '../../src/text/chat.ts'
import { openDecoder } from '../../src/text/decoder.ts'
import { openTokenizer, type TextTokenizer } from '../../src/text/tokenizer.ts'
import {
  demoFile,
  fixture,
  fixtures,
  models,
  open,
  openDemo,
  openNamed,
  published,
  random,
  vectors,
} from './fixtures.ts'

function decode(tokenizer: TextTokenizer, ids: readonly number[], keepSpecial = false): string {
  const decoder = openDecoder(tokenizer, { keepSpecial })
  return ids.map((id) => decoder.push(id)).join('') + decoder.end()
}

it.each(models)(
  'the tokenizer of $name gives its golden ids and texts',
  ({ tokenizer, config, vocab, golden }) => {
    const opened = openTokenizer(tokenizer, config, { vocab })
    const chat = openChatEncoder(opened, config)
    expect(golden.encode).toHaveLength(24)
    for (const { text, ids, decoded, decoded_skip_special } of golden.encode) {
      expect(opened.encode(text), text).toEqual(ids)
      expect(decode(opened, ids, true), text).toBe(decoded)
      expect(decode(opened, ids), text).toBe(decoded_skip_special)
    }
    expect(golden.chat).toHaveLength(6)
    for (const { messages, add_generation_prompt: addGenerationPrompt, rendered, ids } of golden.chat) {
      expect(opened.encode(rendered)).toEqual(ids)
      expect(chat.prompt(messages, { addGenerationPrompt }).text).toBe(rendered)
    }
  },
)

it('the tokenizer of DeepSeek V3 gives its published ids', () => {
  const opened = openTokenizer(published.tokenizer, undefined, { vocab: 129_280 })
  expect(published.encode).toHaveLength(15)
  for (const { text, ids } of published.encode) {
    expect(opened.encode(text), text).toEqual(ids)
    expect(decode(opened, ids, true)).toBe(text)
  }
})

describe.each(fixtures)('the tokenizer of $models', (fixture) => {
  const tokenizer = open(fixture)

  it('gives the golden ids and texts', () => {
    expect(fixture.golden.encode.length).toBeGreaterThan(20)
    for (const { text, ids, decoded, decoded_skip_special } of fixture.golden.encode) {
      expect(tokenizer.encode(text), text).toEqual(ids)
      expect(decode(tokenizer, ids, true), text).toBe(decoded)
      expect(decode(tokenizer, ids), text).toBe(decoded_skip_special)
    }
  })

  it('gives the golden ids of rendered chats and prompts', () => {
    for (const { rendered, ids } of fixture.golden.chat) expect(tokenizer.encode(rendered)).toEqual(ids)
    for (const { prompt_text, prompt_ids } of fixture.prompts)
      expect(tokenizer.encode(prompt_text)).toEqual(prompt_ids)
  })

  it('knows its begin token and whether a plain completion gets one', () => {
    expect(tokenizer.bosId).toBe(0)
    expect(tokenizer.addsBos).toBe(true)
    expect(tokenizer.encode('a', { addBos: true })).toEqual([0, ...tokenizer.encode('a')])
    expect(
      tokenizer.encode('<｜begin▁of▁sentence｜>a', { addBos: true }).filter((id) => id === 0),
    ).toHaveLength(1)
  })

  it('gives no bytes and no text for ids without a token', () => {
    for (const id of [fixture.vocab, fixture.vocab - 1 + 1e6, -1, 0.5, Number.NaN]) {
      expect(tokenizer.bytesOf(id)).toHaveLength(0)
      expect(tokenizer.tokenText(id)).toBe('')
      expect(tokenizer.isSpecial(id)).toBe(false)
    }
  })
})

it('covers the eight models of the goldens', () => {
  expect(fixtures.flatMap(({ models }) => models)).toHaveLength(8)
})

it('leaves the ids of a padded vocabulary empty', () => {
  const padded = fixtures.find(({ vocab }) => vocab === 509)
  if (padded === undefined) throw new Error('the padded fixture is missing')
  const tokenizer = open(padded)
  expect(tokenizer.tokenText(504)).toBe('<｜tool▁sep｜>')
  for (let id = 505; id < 509; id++) expect(tokenizer.bytesOf(id)).toHaveLength(0)
})

describe.each(Object.keys(vectors.decode[0] ?? {}))('the tokenizer of %s on random text', (name) => {
  const tokenizer = openNamed(name)

  it('encodes like the original', () => {
    for (const { text, ids } of vectors.encode)
      expect(tokenizer.encode(text), JSON.stringify(text)).toEqual(ids[name])
  })

  it('decodes like the original, broken characters included', () => {
    for (const row of vectors.decode) {
      const expected = row[name]
      if (expected === undefined) throw new Error(`no vector for ${name}`)
      expect(decode(tokenizer, expected.ids, true)).toBe(expected.text)
      expect(decode(tokenizer, expected.ids)).toBe(expected.skipped)
    }
  })

  it('never encodes plain text as a control token', () => {
    for (const control of tokenizer.controls) {
      const text = `a${control}b ${control}`
      const ids = tokenizer.encodePlain(text)
      expect(ids.filter((id) => tokenizer.isControl(id))).toEqual([])
      expect(decode(tokenizer, ids)).toBe(text)
      expect(tokenizer.encode(text).filter((id) => tokenizer.isControl(id))).toHaveLength(2)
      expect(tokenizer.tokenText(tokenizer.controlId(control) ?? -1)).toBe(control)
    }
  })
})

const CODE_LIMITS = [0x80, 0x800, 0x10000, 0x110000]

it('decodes the ids of any text to the same text, at once and id by id', () => {
  const tokenizer = openDemo()
  const next = random(7)
  for (let round = 0; round < 300; round++) {
    const text = Array.from({ length: 1 + Math.floor(next() * 40) }, () => {
      const code = Math.floor(next() * (CODE_LIMITS[Math.floor(next() * 4)] ?? 0))
      return code >= 0xd800 && code < 0xe000 ? '\ufeff' : String.fromCodePoint(code)
    }).join('')
    const ids = tokenizer.encodePlain(text)
    expect(decode(tokenizer, ids)).toBe(text)
    const decoder = openDecoder(tokenizer)
    for (const id of ids) expect(decoder.push(id)).not.toMatch(/\p{Cs}/u) // no half of a character
  }
})

it('holds bytes back until a character is complete or broken', () => {
  const tokenizer = openDemo()
  const fish = tokenizer.encodePlain('🐟')
  expect(fish.length).toBeGreaterThan(1)
  const decoder = openDecoder(tokenizer)
  expect(fish.map((id) => decoder.push(id)).filter((text) => text !== '')).toEqual(['🐟'])
  expect(decoder.push(fish[0] ?? -1)).toBe('')
  expect(decoder.push(tokenizer.encodePlain('a')[0] ?? -1)).toBe('�a')
  expect(decoder.push(fish[0] ?? -1)).toBe('')
  expect(decoder.end()).toBe('�')
  expect(decoder.end()).toBe('')
})

describe('added tokens', () => {
  const file = demoFile()
  const flags = { single_word: false, lstrip: false, rstrip: false, normalized: false, special: false }
  const extra = [
    { ...flags, id: 1536, content: '    ' },
    { ...flags, id: 1537, content: '<hole>', lstrip: true, rstrip: true },
    { ...flags, id: 1538, content: '<hole><hole>' },
    { ...flags, id: 1539, content: 'secret', special: true },
  ]
  const tokenizer = openTokenizer(
    { ...file, added_tokens: [...file.added_tokens, ...extra] },
    {},
    { vocab: 1600 },
  )
  const a = tokenizer.encodePlain('a')

  it('count in plain text unless they are control tokens', () => {
    expect(tokenizer.encodePlain('a    a')).toEqual([...a, 1536, ...a])
    expect(tokenizer.encodePlain('secret<hole>').some((id) => id > 1536)).toBe(false)
    expect(tokenizer.encode('secret')).toEqual([1539])
  })

  it('swallow white space if their flags say so, and the longest wins', () => {
    expect(tokenizer.encode('a \n<hole>  a')).toEqual([...a, 1537, ...a])
    expect(tokenizer.encode('<hole><hole><hole>')).toEqual([1538, 1537])
  })
})

it('adds the begin token if the post-processor does and the config does not decide', () => {
  const { tokenizer, config, vocab } = fixture('llama-bf16-tiny')
  const { add_bos_token: _, ...silent } = config
  expect(openTokenizer(tokenizer, silent, { vocab }).addsBos).toBe(true)
  expect(openTokenizer(tokenizer, { ...config, add_bos_token: false }, { vocab }).addsBos).toBe(false)
  const other = fixture('qwen2-bf16-tiny')
  expect(openTokenizer(other.tokenizer, silent, { vocab: other.vocab }).addsBos).toBe(false)
})
