// Answers: is a vocabulary of 128,000 tokens opened, and a megabyte encoded, in a time that nobody notices? Bounds are loose: the machine may be busy.
import { expect, it } from 'vitest'
import { openRankTokenizer, openTokenizer } from '../../src/text/tokenizer.ts'
import { parseJson } from '../../src/weights/json.ts'
import { cuts, demoTokens, random, ranksOf } from './fixtures.ts'

const TOKENS = 128_000
const ADDED = 800
const next = random(3)

/** The demo model's tokens, then random longer ones of two that are there, as merges are. */
function makeVocabulary(): { tokens: string[]; merges: string[] } {
  const tokens = demoTokens()
  const known = new Set(tokens)
  const merges: string[] = []
  while (tokens.length < TOKENS) {
    const left = tokens[Math.floor(next() * tokens.length)] ?? ''
    const right = tokens[Math.floor(next() ** 3 * tokens.length)] ?? ''
    if (left.length + right.length > 16 || right.includes('Ġ') || known.has(left + right)) continue
    known.add(left + right)
    tokens.push(left + right)
    merges.push(`${left} ${right}`)
  }
  return { tokens, merges }
}

const cpuMs = (act: () => void) => {
  const before = process.cpuUsage()
  act()
  return process.cpuUsage(before).user / 1000
}

it('opens and encodes soon', () => {
  const { tokens, merges } = makeVocabulary()
  const json = JSON.stringify({
    added_tokens: Array.from({ length: ADDED }, (_, at) => ({
      id: TOKENS + at,
      content: `<t${at}>`,
      special: true,
    })),
    model: { type: 'BPE', vocab: Object.fromEntries(tokens.map((token, id) => [token, id])), merges },
    pre_tokenizer: cuts.cuts[0]?.pre_tokenizer,
    decoder: { type: 'ByteLevel' },
  })
  const bytes = new TextEncoder().encode(json)
  const ranks = ranksOf(tokens)
  const words = demoTokens().filter((token) => /^Ġ?[a-z]+$/.test(token))
  let text = cuts.texts.join('\n')
  while (text.length < 1e6) text += (words[Math.floor(next() * words.length)] ?? '').replace('Ġ', ' ')
  const measured: Record<string, number> = {}
  for (const [name, open] of [
    [
      'tokenizer.json',
      () =>
        openTokenizer(
          parseJson(bytes, { file: 'f', maxDepth: 99, maxMembers: 1e6, uniqueNames: false }),
          {},
          { vocab: 129_280 },
        ),
    ],
    ['tiktoken.model', () => openRankTokenizer(ranks, {}, { vocab: 129_280 })],
  ] as const) {
    let tokenizer = open() // once to warm up
    measured[`${name}: open`] = cpuMs(() => {
      tokenizer = open()
    })
    let ids: number[] = []
    measured[`${name}: 1 MB`] = cpuMs(() => {
      ids = tokenizer.encodePlain(text)
    })
    expect(ids.length).toBeGreaterThan(1000)
  }
  console.info(measured)
  for (const ms of Object.values(measured)) expect(ms).toBeLessThan(3000)
})
