// Checks of attention over the KV cache, in decode and prefill, for MLA and GQA.
import { CHUNK, padTo } from '../../gpu/matrix.ts'
import { randomNumbers } from '../../lib/random.ts'
import { FP8_SCALE_GROUP, fp8EntryWords } from '../../models/cache-layout.ts'
import type { Dispatch, Resource } from '../../program/graph.ts'
import type { TempBuffers } from '../../program/temp-buffers.ts'
import {
  applyScales,
  type CheckBuilder,
  type CheckSize,
  decodeCodes,
  dot,
  type ExpectedSum,
  type KernelCheck,
  randomCodes,
  randomScales,
} from './kernel-check.ts'

const PAGE = 64

type Vectors = readonly ArrayLike<number>[]

/** One head: how to get its query from a row, and its keys and values by position. */
interface Head {
  readonly query: (row: Float32Array) => ArrayLike<number>
  readonly keys: Vectors
  readonly values: Vectors
}

/**
 * Attention of one head in f64. Normalized (prefill): Σ p·v / Σ p. Otherwise (a split of decode): Σ p·v,
 * followed by the largest score and Σ p.
 */
function attend(
  { query, keys, values }: Head,
  row: Float32Array,
  scale: number,
  normalized: boolean,
): ExpectedSum[] {
  const q = query(row)
  const scores = keys.map((key) => scale * dot(q, key).value)
  const largest = Math.max(...scores)
  const weights = scores.map((score) => Math.exp(score - largest))
  const total = weights.reduce((sum, weight) => sum + weight)
  const sums = Array.from(values[0] ?? [], (_, i) =>
    dot(
      weights.map((weight) => (normalized ? weight / total : weight)),
      values.map((value) => value[i] ?? 0),
    ),
  )
  if (normalized) return sums
  return [...sums, { value: largest, magnitude: 1 + Math.abs(largest) }, { value: total, magnitude: total }]
}

interface HeadInputs {
  readonly queryStride: number // numbers between the queries of two tokens
  readonly valueDim: number
  readonly head: (index: number) => Head
}

/** Random queries of a step, and the expected output of the first and the last head. */
function attentionCheck(
  buffers: TempBuffers,
  { HEADS = 0, SCALE = 0, SPLITS = 0 }: Dispatch['constants'],
  checkSize: CheckSize,
  { queryStride, valueDim, head }: HeadInputs,
): KernelCheck & { readonly queries: Resource } {
  const decode = SPLITS > 0
  const tokens = decode ? 1 : checkSize.tokens
  const headWords = decode ? SPLITS * (valueDim + 2) : valueDim // output of one head
  const row = decode ? HEADS * headWords : padTo(HEADS * valueDim, CHUNK)
  // Large enough that the softmax is not flat.
  const queries = randomNumbers(tokens * queryStride, 3).map((number) => 4 * number)
  const output = buffers.zeros(tokens * row)
  const first = checkSize.context - tokens
  const expected = () =>
    [...new Set([0, HEADS - 1])].flatMap((index) => {
      const { query, keys, values } = head(index)
      return Array.from({ length: tokens }, (_, token) => {
        const seen = first + token + 1
        const visible = { query, keys: keys.slice(0, seen), values: values.slice(0, seen) }
        const sums = attend(visible, queries.subarray(token * queryStride), SCALE, !decode)
        return sums.map((sum, i) => ({ at: token * row + index * headWords + i, ...sum }))
      }).flat()
    })
  return {
    queries: buffers.upload(queries),
    operands: { output },
    // A single split that covers the whole context.
    step: { position: first, tokens, split: checkSize.context + PAGE - (checkSize.context % PAGE) },
    output,
    outputWords: tokens * row,
    expected,
  }
}

/** The words of a random KV entry, and the numbers they stand for. */
interface RandomEntry {
  readonly words: Uint32Array<ArrayBuffer>
  readonly numbers: readonly number[]
}

function randomEntry({ imports, constants }: Dispatch, width: number, seed: number): RandomEntry {
  if (imports.cache === 'cache/fp8') return randomFp8Entry(constants, seed)
  const format = imports.cache === 'cache/f32' ? 'f32' : 'f16'
  const words = randomCodes(format, format === 'f32' ? width : width / 2, seed)
  return { words, numbers: Array.from(decodeCodes(format, words)) }
}

function randomFp8Entry({ LATENT = 0, ROPE = 0 }: Dispatch['constants'], seed: number): RandomEntry {
  const parts = fp8EntryWords({ kvLoraRank: LATENT, qkRopeDim: ROPE })
  const codes = randomCodes('fp8_block', parts.codes, seed)
  const scales = randomScales('BF16', parts.scales, seed)
  const key = randomCodes('f16', parts.key, seed)
  const latents = applyScales(decodeCodes('fp8_block', codes), decodeCodes('bf16', scales), FP8_SCALE_GROUP)
  return {
    words: Uint32Array.of(...codes, ...scales, ...key),
    numbers: [...latents.subarray(0, LATENT), ...Array.from(decodeCodes('f16', key))],
  }
}

/** A cache of random KV entries of `width` numbers, with its pages in reverse order. */
function randomCache(buffers: TempBuffers, dispatch: Dispatch, width: number, { context }: CheckSize) {
  const entries = Array.from({ length: context }, (_, position) => randomEntry(dispatch, width, position))
  const words = entries[0]?.words.length ?? 0
  const count = Math.ceil(context / PAGE)
  const cache = buffers.zeros(count * PAGE * words)
  const pages = Uint32Array.from({ length: count }, (_, page) => count - 1 - page)
  entries.forEach((entry, position) => {
    const row = (pages[Math.floor(position / PAGE)] ?? 0) * PAGE + (position % PAGE)
    buffers.write(cache, entry.words, row * words)
  })
  return { cache, entries: entries.map(({ numbers }) => numbers), pages: buffers.upload(pages) }
}

/**
 * Checks gqa_decode, gqa_prefill and mla_decode. A GQA entry holds the keys, then the values, of each group
 * of heads. An MLA entry is the key of all heads; without its rotated columns it is also their value.
 */
export const cachedAttentionCheck: CheckBuilder = (buffers, dispatch, checkSize) => {
  const { HEADS = 0, LATENT = 0, ROPE = 0, KV_HEADS = 1, VALUE = LATENT } = dispatch.constants
  const { KEY = LATENT + ROPE } = dispatch.constants
  const keys = KV_HEADS * KEY
  const width = LATENT > 0 ? keys : keys + KV_HEADS * VALUE
  const { cache, entries, pages } = randomCache(buffers, dispatch, width, checkSize)
  const head = (index: number): Head => {
    const group = Math.floor((index * KV_HEADS) / HEADS)
    const first = LATENT > 0 ? 0 : keys + group * VALUE
    return {
      query: (row) => row.subarray(index * KEY, (index + 1) * KEY),
      keys: entries.map((entry) => entry.slice(group * KEY, (group + 1) * KEY)),
      values: entries.map((entry) => entry.slice(first, first + VALUE)),
    }
  }
  const queryStride = padTo(HEADS * KEY, CHUNK)
  const check = attentionCheck(buffers, dispatch.constants, checkSize, { queryStride, valueDim: VALUE, head })
  const { operands, queries } = check
  return { ...check, operands: { ...operands, query: queries, absorbed: queries, cache, pages } }
}

/**
 * Checks mla_prefill. It reads the expanded keys and values of each head, and the rotated key columns, which
 * all heads share, from the KV entry.
 */
export const mlaPrefillCheck: CheckBuilder = (buffers, dispatch, checkSize) => {
  const { HEADS = 0, NOPE = 0, ROPE = 0, VALUE = 0, LATENT = 0, BLOCK = 0 } = dispatch.constants
  const { ROPE_INTERLEAVED, Q_STRIDE = 0 } = dispatch.constants
  const { cache, entries, pages } = randomCache(buffers, dispatch, LATENT + ROPE, checkSize)
  const [headWidth, row] = [NOPE + VALUE, padTo(HEADS * (NOPE + VALUE), CHUNK)]
  const expanded = buffers.zeros(BLOCK * row)
  // The cache holds rotated keys interleaved, the two numbers of a pair side by side.
  const columns = Array.from({ length: ROPE }, (_, i) =>
    ROPE_INTERLEAVED ? i : Math.floor(i / 2) + ((i % 2) * ROPE) / 2,
  )
  const head = (index: number): Head => {
    const expandedRows = entries.map((_, position) => {
      const numbers = randomNumbers(headWidth, index + position)
      buffers.write(expanded, numbers, position * row + index * headWidth)
      return numbers
    })
    const from = index * (NOPE + ROPE)
    return {
      query: (queries) => [
        ...queries.subarray(from, from + NOPE),
        ...columns.map((column) => queries[from + NOPE + column] ?? 0),
      ],
      keys: entries.map((entry, i) => [...(expandedRows[i] ?? []).slice(0, NOPE), ...entry.slice(LATENT)]),
      values: expandedRows.map((numbers) => numbers.subarray(NOPE)),
    }
  }
  const shape = { queryStride: Q_STRIDE, valueDim: VALUE, head }
  const check = attentionCheck(buffers, dispatch.constants, checkSize, shape)
  const state = buffers.zeros(checkSize.tokens * HEADS * 2)
  return { ...check, operands: { ...check.operands, query: check.queries, expanded, cache, pages, state } }
}
