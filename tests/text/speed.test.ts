// Tests that opening a vocabulary and encoding a text take time in proportion to their size.
// Measured at sixteen times the size, up to 64,000 tokens and a quarter of a megabyte.
import { expect, it } from 'vitest'
import { openTiktokenTokenizer } from '../../src/text/tiktoken-tokenizer.ts'
import { openTokenizer } from '../../src/text/tokenizer.ts'
import { parseJson } from '../../src/weights/json.ts'
import { bestCpuMs } from '../support/work.ts'
import { cuts, demoTokens, random, ranksOf } from './fixtures.ts'

const TOKENS = 64_000
const ADDED = 400
const VOCAB = { vocab: 64_640 }
const next = random(3)

/** The demo model's tokens, then random longer ones, each a merge of two earlier tokens. */
function makeVocabulary(size: number): { tokens: string[]; merges: string[] } {
  const tokens = demoTokens()
  const known = new Set(tokens)
  const merges: string[] = []
  while (tokens.length < size) {
    const left = tokens[Math.floor(next() * tokens.length)] ?? ''
    const right = tokens[Math.floor(next() ** 3 * tokens.length)] ?? ''
    if (left.length + right.length > 16 || right.includes('Ġ') || known.has(left + right)) continue
    known.add(left + right)
    tokens.push(left + right)
    merges.push(`${left} ${right}`)
  }
  return { tokens, merges }
}

/** Makes an opener of a tokenizer.json with `size` tokens. */
function tokenizerJsonOf(size: number) {
  const { tokens, merges } = makeVocabulary(size)
  const json = JSON.stringify({
    added_tokens: Array.from({ length: (ADDED * size) / TOKENS }, (_, at) => ({
      id: size + at,
      content: `<t${at}>`,
      special: true,
    })),
    model: { type: 'BPE', vocab: Object.fromEntries(tokens.map((token, id) => [token, id])), merges },
    pre_tokenizer: cuts.cuts[0]?.pre_tokenizer,
    decoder: { type: 'ByteLevel' },
  })
  const bytes = new TextEncoder().encode(json)
  const limits = { file: 'f', maxDepth: 99, maxMembers: 1e6, uniqueNames: false }
  return () => openTokenizer(parseJson(bytes, limits), {}, VOCAB)
}

/** The same as a tiktoken.model. */
function tiktokenModelOf(size: number) {
  const ranks = ranksOf(makeVocabulary(size).tokens)
  return () => openTiktokenTokenizer(ranks, {}, VOCAB)
}

function makeText(length: number): string {
  const words = demoTokens().filter((token) => /^Ġ?[a-z]+$/.test(token))
  const parts = [cuts.texts.join('\n')]
  let count = 0
  while (count < length)
    count +=
      parts[parts.push((words[Math.floor(next() * words.length)] ?? '').replace('Ġ', ' ')) - 1]?.length ?? 0
  return parts.join('')
}

it.each([
  ['tokenizer.json', tokenizerJsonOf],
  ['tiktoken.model', tiktokenModelOf],
])('%s: sixteen times as much takes less than 64 times as long', (_, openerOf) => {
  const [small, large] = [openerOf(TOKENS / 16), openerOf(TOKENS)]
  expect(bestCpuMs(large) / bestCpuMs(small)).toBeLessThan(64)
  // A new tokenizer each time, with an empty cache.
  const opened = Array.from({ length: 6 }, large)
  const encode = (text: string) => () => void opened.pop()?.encodePlain(text)
  const [short, long] = [makeText(16_000), makeText(256_000)]
  expect(bestCpuMs(encode(long)) / bestCpuMs(encode(short))).toBeLessThan(64)
  expect(opened).toEqual([])
})
