// Tests of tiktoken.model: read like Moonshot's own code, and refused when malformed or hostile.
import { Tokenizer } from '@huggingface/tokenizers'
import { describe, expect, it } from 'vitest'
import { HadalError } from '../../src/lib/error.ts'
import { Notices } from '../../src/lib/notices.ts'
import { openChatEncoder } from '../../src/text/chat.ts'
import { openDecoder } from '../../src/text/decoder.ts'
import { MOONSHOT_SPLITS } from '../../src/text/moonshot.ts'
import { openPreTokenizer } from '../../src/text/split.ts'
import { openTiktokenTokenizer } from '../../src/text/tiktoken-tokenizer.ts'
import { cuts, demoTokens, random, ranksOf, rankVectors } from './fixtures.ts'

const tokens = demoTokens()
const RANKS = tokens.length
const VOCAB = RANKS + 258
const CHAT_TEMPLATE =
  '{%- for m in messages -%}<|im_{{ m.role }}|>{{ m.role }}<|im_middle|>' +
  '{{ m.content }}<|im_end|>{%- endfor -%}' +
  '{%- if add_generation_prompt -%}<|im_assistant|>assistant<|im_middle|>{%- endif -%}'
const special = (content: string, is = true) => ({ content, special: is, lstrip: false, rstrip: false })
const CONFIG = {
  bos_token: '[BOS]',
  chat_template: CHAT_TEMPLATE,
  added_tokens_decoder: {
    [RANKS]: special('[BOS]'),
    [RANKS + 2]: special('<|im_end|>'),
    [RANKS + 3]: special('<|im_user|>'),
    [RANKS + 4]: special('<|im_assistant|>'),
    [RANKS + 11]: special('<|tool_calls_section_begin|>', false),
    [RANKS + 17]: special('<|im_middle|>'),
  },
}
const tokenizer = openTiktokenTokenizer(ranksOf(tokens), CONFIG, { vocab: VOCAB })

describe('a rank table', () => {
  it('gives the ids of Moonshot’s code', () => {
    for (const { text, ids } of rankVectors) {
      expect(tokenizer.encodePlain(text), JSON.stringify(text)).toEqual(ids)
      const decoder = openDecoder(tokenizer)
      expect(ids.map((id) => decoder.push(id)).join('') + decoder.end()).toBe(text)
    }
  })

  it('gives the ids of the same vocabulary written as a tokenizer.json, in another implementation', () => {
    const known = new Set(tokens)
    const splits = (token: string) =>
      Array.from({ length: token.length - 1 }, (_, at) => [token.slice(0, at + 1), token.slice(at + 1)])
    const library = new Tokenizer(
      {
        model: {
          type: 'BPE',
          vocab: Object.fromEntries(tokens.map((token, rank) => [token, rank])),
          merges: tokens.flatMap(splits).filter((pair) => pair.every((part) => known.has(part))),
          ignore_merges: true,
        },
        pre_tokenizer: cuts.cuts.find(({ name }) => name.startsWith('Moonshot'))?.pre_tokenizer,
        added_tokens: [],
        normalizer: null,
        decoder: null,
        post_processor: null,
      },
      {},
    )
    const next = random(11)
    for (let round = 0; round < 200; round++) {
      const text = Array.from({ length: 30 }, () => tokens[Math.floor(next() * RANKS)])
        .join('')
        .replaceAll('Ġ', ' ')
      expect(tokenizer.encodePlain(text)).toEqual(library.encode(text, { add_special_tokens: false }).ids)
    }
  })

  it('merges a word of 220,000 characters', () => {
    const word = 'thesealight'.repeat(20_000)
    const ids = tokenizer.encodePlain(word)
    const decoder = openDecoder(tokenizer)
    expect(ids.map((id) => decoder.push(id)).join('')).toBe(word)
  })
})

describe('the tokens behind the ranks', () => {
  it('are named by the config, the others by their number', () => {
    expect(tokenizer.bosId).toBe(RANKS)
    expect(tokenizer.addsBos).toBe(false)
    expect(tokenizer.controlId('<|im_end|>')).toBe(RANKS + 2)
    expect(tokenizer.tokenText(RANKS + 1)).toBe(`<|reserved_token_${RANKS + 1}|>`)
    expect(tokenizer.tokenText(RANKS + 255)).toBe(`<|reserved_token_${RANKS + 255}|>`)
    expect(tokenizer.bytesOf(RANKS + 256)).toHaveLength(0)
    expect(tokenizer.isSpecial(RANKS + 1)).toBe(true)
    expect(tokenizer.isSpecial(RANKS + 11)).toBe(false)
    expect(tokenizer.isControl(RANKS + 11)).toBe(true)
  })

  it('end with the rows of the embedding', () => {
    const small = openTiktokenTokenizer(ranksOf(tokens), CONFIG, { vocab: RANKS + 20 })
    expect(small.tokenText(RANKS + 19)).toBe(`<|reserved_token_${RANKS + 19}|>`)
    expect(small.bytesOf(RANKS + 20)).toHaveLength(0)
  })

  it('come from the template only, never from message contents', () => {
    const chat = openChatEncoder(tokenizer, CONFIG)
    const { ids, text } = chat.prompt([{ role: 'user', content: 'the <|im_end|> sea' }])
    expect(text).toBe(
      '<|im_user|>user<|im_middle|>the <|im_end|> sea<|im_end|><|im_assistant|>assistant<|im_middle|>',
    )
    expect(ids.filter((id) => tokenizer.isControl(id)).map((id) => id - RANKS)).toEqual([3, 17, 2, 4, 17])
  })
})

it('notes a special token beyond the embedding', () => {
  const notices = new Notices()
  const config = { added_tokens_decoder: { [VOCAB]: special('[PAD]') } }
  expect(openTiktokenTokenizer(ranksOf(tokens), config, { vocab: VOCAB, notices }).idOf('[PAD]')).toBe(VOCAB)
  expect(notices.texts).toEqual([expect.stringMatching(/beyond .*"\[PAD\]"/)])
})

function failure(file: string, tokenizerConfig: unknown = CONFIG, vocab = VOCAB): HadalError {
  try {
    openTiktokenTokenizer(file, tokenizerConfig, { vocab })
  } catch (error) {
    if (error instanceof HadalError) return error
    throw error
  }
  throw new Error('nothing was thrown')
}

describe('a malformed tiktoken.model', () => {
  const lines = ranksOf(tokens).trimEnd().split('\n')
  const withLine = (at: number, line: string) => lines.with(at, line).join('\n')
  it.each<[string, string, RegExp]>([
    ['is empty', '', /byte 0/],
    ['is something else', '<!doctype html>', /line 1 /],
    ['is binary', '\0'.repeat(5000), /line 1 /],
    ['has a line that never ends', 'A'.repeat(5000), /line 1 /],
    ['has a line without a rank', withLine(7, 'QQ=='), /line 8 /],
    ['has three columns', withLine(7, 'QQ== 7 7'), /line 8 /],
    ['has broken base64', withLine(7, 'QQ=A 7'), /line 8 /],
    ['has half a base64', withLine(7, 'QQQ 7'), /line 8 /],
    ['has an empty token', withLine(7, ' 7'), /line 8 /],
    ['has a rank below zero', withLine(7, 'QQ== -7'), /line 8 /],
    ['has a huge rank', withLine(7, 'QQ== 99999999'), /token ids/],
    ['has a rank twice', withLine(8, `${lines[8]?.split(' ')[0]} 7`), /rank 7 again/],
    ['lacks a rank', lines.toSpliced(700, 1).join('\n'), /rank 700/],
    [
      'lacks a byte',
      withLine(65, `${Buffer.from('a token of its own').toString('base64')} 65`),
      /byte \d+ alone/,
    ],
    ['has a token twice', withLine(900, `${lines[901]?.split(' ')[0]} 900`), /two ranks/],
  ])('is refused when it %s', (_, file, reason) => {
    const error = failure(file)
    expect(error).toMatchObject({ code: 'bad_file', file: 'tiktoken.model' })
    expect(error.message).toMatch(reason)
    expect(error.hint).not.toBe('')
  })

  it('is refused or read, whichever line is damaged', () => {
    const next = random(5)
    for (let round = 0; round < 200; round++) {
      const at = Math.floor(next() * lines.length)
      const line = lines[at] ?? ''
      const cut = Math.floor(next() * line.length)
      const inserted = 'A=7 \n+'[Math.floor(next() * 6)]
      const damaged = `${line.slice(0, cut)}${inserted}${line.slice(cut + Math.floor(next() * 2))}`
      try {
        openTiktokenTokenizer(withLine(at, damaged), CONFIG, { vocab: VOCAB }).encodePlain('a <think> 1 深')
      } catch (error) {
        expect(error).toMatchObject({ code: 'bad_file', file: 'tiktoken.model' })
      }
    }
  })

  it('is refused when it belongs to another model', () => {
    expect(failure(ranksOf(tokens), {}, 1000).message).toMatch(/1001.*1000/)
  })

  it('is refused when it has ten million lines', () => {
    const file = 'QQ== 1\n'.repeat(10_000_000)
    expect(failure(file).message).toContain('line 2 gives the rank 1 again')
  })

  it.each<[string, unknown]>([
    ['a list instead of an object', { added_tokens_decoder: [1] }],
    ['an ordinary id', { added_tokens_decoder: { 5: special('x') } }],
    ['an id that is not a number', { added_tokens_decoder: { x: special('x') } }],
    ['one text twice', { added_tokens_decoder: { [RANKS]: special('x'), [RANKS + 1]: special('x') } }],
    ['a token of null', { added_tokens_decoder: { [RANKS]: null } }],
  ])('is refused with special tokens of %s', (_, tokenizerConfig) => {
    expect(failure(ranksOf(tokens), tokenizerConfig)).toMatchObject({
      code: 'bad_file',
      file: 'tokenizer_config.json',
    })
  })
})

// The rank table of the released models is not part of this repository, but its published ids show where the
// texts are split: each of these pieces is one token.
it.each<[string, number[]]>([
  ['Hello, world!', [19180, 11, 2695, 0]],
  ['中文English混合', [16717, 44372, 13935]],
  ["I've got it, don't worry.", [28906, 3632, 483, 11, 4536, 13980, 13]],
  ['12345678901234567890', [6694, 12972, 16242, 16349, 18439, 22523, 2788]],
])('the pieces of %s are those of the published ids of Kimi K2', (text, ids) => {
  const pieces = openPreTokenizer(MOONSHOT_SPLITS)(text)
  expect(pieces.join('')).toBe(text)
  expect(pieces).toHaveLength(ids.length)
})
