// Tests of opening tokenizer and chat template, and of refusing oversized files quickly.
import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { openText } from '../../src/engine/load/text.ts'
import { HadalError } from '../../src/lib/error.ts'
import { Notices } from '../../src/lib/notices.ts'
import { openMemory } from '../../src/weights/memory.ts'
import { MAX_REFUSAL_WORK, measureWork } from '../support/work.ts'

const DEMO = new URL('../../public/models/lanternfish/', import.meta.url)
const TOKENIZER_JSON = readFileSync(new URL('tokenizer.json', DEMO), 'utf8')
const TOKENIZER_CONFIG = readFileSync(new URL('tokenizer_config.json', DEMO), 'utf8')
const VOCAB = 1536

/** 256 ranks, one per byte. */
const RANKS = Array.from(
  { length: 256 },
  (_, byte) => `${Buffer.from([byte]).toString('base64')} ${byte}\n`,
).join('')
const MOONSHOT_CONFIG = JSON.stringify({
  chat_template: '<|im_user|>{{ messages[0].content }}<|im_end|>',
  added_tokens_decoder: {
    256: { content: '<|im_user|>', special: true },
    257: { content: '<|im_end|>', special: true },
  },
})

const open = (files: Record<string, Uint8Array | string>, notices = new Notices(), vocab = VOCAB) =>
  openText(openMemory(files, 'the folder'), vocab, undefined, notices)

async function failure(files: Record<string, Uint8Array | string>, vocab?: number) {
  const error: unknown = await open(files, undefined, vocab).catch((reason: unknown) => reason)
  if (!(error instanceof HadalError)) throw new Error('expected a HadalError', { cause: error })
  return error
}

describe('the vocabulary', () => {
  test('is tokenizer.json if present, otherwise tiktoken.model', async () => {
    const both = await open({ 'tokenizer.json': TOKENIZER_JSON, 'tiktoken.model': RANKS })
    expect(both.tokenizer.encodePlain('the').length).toBeLessThan(3)
    const { tokenizer, chat } = await open({
      'tiktoken.model': RANKS,
      'tokenizer_config.json': MOONSHOT_CONFIG,
    })
    expect(tokenizer.encodePlain('the')).toEqual([0x74, 0x68, 0x65])
    expect(chat.prompt([{ role: 'user', content: 'a' }]).ids).toEqual([256, 0x61, 257])
  })

  test('is named in the error by both file names when it is missing', async () => {
    const error = await failure({ 'tokenizer_config.json': TOKENIZER_CONFIG })
    expect(error).toMatchObject({ code: 'not_found', file: 'tokenizer.json' })
    expect(error.message).toContain('tiktoken.model')
  })

  test('that is empty JSON is malformed rather than missing', async () => {
    const error = await failure({ 'tokenizer.json': 'null', 'tiktoken.model': RANKS })
    expect(error).toMatchObject({ code: 'bad_file', file: 'tokenizer.json' })
  })

  test.each([
    ['tokenizer.json', TOKENIZER_JSON],
    ['tiktoken.model', RANKS],
  ])('that is larger than the embedding is refused: %s', async (file, content) => {
    const error = await failure({ [file]: content }, 200)
    expect(error).toMatchObject({ code: 'bad_file', file })
    expect(error.message).toMatch(/ the model’s vocabulary has 200/)
  })
})

test('a chat template from its own file wins', async () => {
  const { chat } = await open({
    'tokenizer.json': TOKENIZER_JSON,
    'chat_template.jinja': 'b{{ messages[0].content }}',
  })
  expect(chat.prompt([{ role: 'user', content: 'a' }]).text).toBe('ba')
})

test('the end of a turn is the union of what the files name', async () => {
  const vocab: Record<string, number> = JSON.parse(TOKENIZER_JSON).model.vocab
  const eosOf = async (files: Record<string, unknown>) =>
    (
      await open({
        'tokenizer.json': TOKENIZER_JSON,
        ...Object.fromEntries(Object.entries(files).map(([name, json]) => [name, JSON.stringify(json)])),
      })
    ).eosTokenIds
  expect(await eosOf({})).toEqual([])
  expect(await eosOf({ 'tokenizer_config.json': { eos_token: { content: '<｜User｜>' } } })).toEqual([3])
  expect(
    await eosOf({
      'tokenizer_config.json': { eos_token: '<｜▁pad▁｜>', eot_token: 'a', added_tokens_decoder: {} },
      'special_tokens_map.json': { eos_token: '<｜Assistant｜>' },
    }),
  ).toEqual([2, vocab.a, 4])
  const template = "{% for m in messages %}{{ '<｜User｜>' + m.content + '<｜▁pad▁｜>' }}{% endfor %}"
  expect(await eosOf({ 'tokenizer_config.json': { eos_token: null, chat_template: template } })).toEqual([2])
})

test.each([
  ['{% widget %}hi', /widget/],
  [
    [
      { name: 'a', template: 'x' },
      { name: 'b', template: 'y' },
    ],
    /named "default"/,
  ],
  ['{{ messages[0].content.nothing() }}', /fails/],
])('the faulty chat template %j fails the chat and nothing else', async (chatTemplate, reason) => {
  const notices = new Notices()
  const files = {
    'tokenizer.json': TOKENIZER_JSON,
    'tokenizer_config.json': JSON.stringify({ chat_template: chatTemplate }),
  }
  const { tokenizer, chat } = await open(files, notices)
  expect(tokenizer.encodePlain('the').length).toBeGreaterThan(0)
  expect(notices.texts).toEqual([expect.stringMatching(reason)])
  expect(notices.texts[0]).toContain('Chats will fail; plain text works.')
  expect(() => chat.prompt([{ role: 'user', content: 'a' }])).toThrow(reason)
})

describe('an oversized', () => {
  const model = (fields: string) => `{"added_tokens":[],"model":{"type":"BPE",${fields}}}`
  const many = (count: number, entry: (at: number) => string) =>
    Array.from({ length: count }, (_, at) => entry(at)).join(',')
  test.each<[string, string, () => string, RegExp]>([
    [
      'vocabulary of ten million entries',
      'tokenizer.json',
      () => model(`"merges":[],"vocab":{${'"a":1,'.repeat(10_000_000)}"b":2}`),
      /members/,
    ],
    [
      'list of ten million merges',
      'tokenizer.json',
      () => model(`"vocab":{"a":1},"merges":[${'"a b",'.repeat(10_000_000)}"a b"]`),
      /commas/,
    ],
    [
      'list of added tokens',
      'tokenizer.json',
      () =>
        `{"added_tokens":[${many(
          300_000,
          (at) => `{"id":${at},"content":"<t${at}>","special":true}`,
        )}],"model":{"vocab":{}}}`,
      /token ids|control/,
    ],
    ['file', 'tokenizer.json', () => ' '.repeat(68_000_000), /at most/],
    ['nest', 'tokenizer.json', () => '['.repeat(1_000_000), /deeper/],
    ['rank table of ten million lines', 'tiktoken.model', () => 'QQ== 1\n'.repeat(10_000_000), /at most/],
    ['rank table of nine million lines', 'tiktoken.model', () => 'QQ== 1\n'.repeat(9_000_000), /again/],
    ['rank table of one line', 'tiktoken.model', () => 'A'.repeat(60_000_000), /line 1/],
    ['template', 'chat_template.jinja', () => 'x'.repeat(5_000_000), /at most/],
  ])('%s is refused with little work', async (_, file, content, rule) => {
    const files = {
      ...(file === 'tiktoken.model' ? {} : { 'tokenizer.json': TOKENIZER_JSON }),
      [file]: content(),
    }
    const { result: error, work } = await measureWork(MAX_REFUSAL_WORK, () => failure(files))
    expect(error).toMatchObject({ code: 'bad_file', file })
    expect(error.message).toMatch(rule)
    expect(error.message.length).toBeLessThan(500)
    expect(work).toBeLessThan(MAX_REFUSAL_WORK)
  })
})
