// Checks of attention over the KV cache, in decode and prefill, for MLA and GQA.
import { CHUNK, padTo } from '../../gpu/matrix.ts'
import { randomNumbers } from '../../lib/random.ts'
import type { Dispatch, Resource } from '../../program/graph.ts'
import type { TempBuffers } from '../../program/temp-buffers.ts'
import { TILED_OUTPUTS, tileTolerance } from './check-matmul.ts'
import {
  type CheckBuilder,
  type CheckSize,
  close,
  dot,
  type ExpectedSum,
  edges,
  from,
  inSample,
  type KernelCheck,
  type NumberArray,
  numbersWithin,
  weightedSum,
} from './kernel-check.ts'
import { PAGE, randomCache } from './random-cache.ts'
import { cutGrid, randomMatrix } from './random-weights.ts'

/** One head: how to get its query from a row, and its keys and values by position. */
interface Head {
  readonly query: (row: Float32Array) => NumberArray
  readonly keys: readonly NumberArray[]
  readonly values: readonly NumberArray[]
}

/**
 * Attention of one head to the positions from `first` to before `end`. Normalized (prefill): Σ p·v / Σ p.
 * Otherwise (a split of decode): Σ p·v, followed by the largest score and Σ p.
 */
function attend(
  head: Head,
  query: NumberArray,
  { first, end, scale, normalized }: { first: number; end: number; scale: number; normalized: boolean },
): ExpectedSum[] {
  const values = head.values.slice(first, end)
  const scores = head.keys.slice(first, end).map((key) => scale * dot(query, key).value)
  const largest = Math.max(...scores)
  const weights = scores.map((score) => Math.exp(score - largest))
  const total = weights.reduce((sum, weight) => sum + weight, 0)
  if (normalized)
    return weightedSum(
      values,
      weights.map((weight) => weight / total),
    )
  return [...weightedSum(values, weights), { value: largest, magnitude: 1 + Math.abs(largest) }, close(total)]
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
  const queries = numbersWithin(4, tokens * queryStride, 3)
  const output = buffers.zeros(tokens * row)
  const first = checkSize.context - tokens
  // Whole pages a split.
  const split = PAGE * Math.ceil(checkSize.context / PAGE / Math.max(SPLITS, 1))
  const expected = () =>
    firstAndLast(HEADS).flatMap((index) => {
      const inputs = head(index)
      const attendTo = (token: number, start: number, end: number) => {
        const query = inputs.query(queries.subarray(token * queryStride))
        return attend(inputs, query, { first: start, end, scale: SCALE, normalized: !decode })
      }
      if (decode)
        return Array.from({ length: Math.ceil(checkSize.context / split) }, (_, i) => {
          const end = Math.min((i + 1) * split, checkSize.context)
          return from(index * headWords + i * (valueDim + 2), attendTo(0, i * split, end))
        }).flat()
      return Array.from({ length: tokens }, (_, token) =>
        inSample(index, token)
          ? from(token * row + index * headWords, attendTo(token, 0, first + token + 1))
          : [],
      ).flat()
    })
  return {
    queries: buffers.upload(queries),
    operands: { output },
    step: { position: first, tokens, split },
    outputs: [{ buffer: output, words: tokens * row, expected }],
  }
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
      keys: entries.map((entry) => entry.subarray(group * KEY, (group + 1) * KEY)),
      values: entries.map((entry) => entry.subarray(first, first + VALUE)),
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
  const numbers = randomNumbers(entries.length * row, VALUE)
  const expanded = buffers.zeros(BLOCK * row)
  buffers.write(expanded, numbers.subarray(0, BLOCK * row)) // longer contexts are timed only
  // The cache holds rotated keys interleaved, the two numbers of a pair side by side.
  const columns = Array.from({ length: ROPE }, (_, i) =>
    ROPE_INTERLEAVED ? i : Math.floor(i / 2) + ((i % 2) * ROPE) / 2,
  )
  const head = (index: number): Head => {
    const expandedRows = entries.map((_, position) => {
      const at = position * row + index * headWidth
      return numbers.subarray(at, at + headWidth)
    })
    const first = index * (NOPE + ROPE)
    return {
      query: (queries) => [
        ...queries.subarray(first, first + NOPE),
        ...columns.map((column) => queries[first + NOPE + column] ?? 0),
      ],
      keys: entries.map((entry, i) => {
        const key = new Float64Array(NOPE + ROPE)
        key.set(expandedRows[i]?.subarray(0, NOPE) ?? [])
        key.set(entry.subarray(LATENT), NOPE)
        return key
      }),
      values: expandedRows.map((numbers) => numbers.subarray(NOPE)),
    }
  }
  const shape = { queryStride: Q_STRIDE, valueDim: VALUE, head }
  const check = attentionCheck(buffers, dispatch.constants, checkSize, shape)
  const state = buffers.zeros(checkSize.tokens * HEADS * 2)
  return { ...check, operands: { ...check.operands, query: check.queries, expanded, cache, pages, state } }
}

/** Checks mla_expand_kv: a product of the cached latents, whose rows are those of a matrix. */
export const mlaExpandKvCheck: CheckBuilder = (buffers, dispatch, { tokens }) => {
  const { HEADS = 0, NOPE = 0, VALUE = 0, LATENT = 0, ROPE = 0, BLOCK = 0 } = dispatch.constants
  const all = HEADS * (NOPE + VALUE)
  const stride = padTo(all, CHUNK)
  const context = 2 * tokens
  const { cache, entries, pages } = randomCache(buffers, dispatch, LATENT + ROPE, { context })
  const matrix = randomMatrix(buffers, dispatch, all)
  const rows = edges(matrix.rows, TILED_OUTPUTS)
  const expanded = buffers.zeros(BLOCK * stride)
  const step = { position: context - tokens, tokens }
  const expected = () =>
    matrix.fill(rows, LATENT).flatMap((weights, i) => {
      const out = rows[i] ?? 0
      return entries.flatMap((entry, position) =>
        inSample(out, position) ? [{ at: position * stride + out, ...dot(weights, entry) }] : [],
      )
    })
  return {
    operands: { pages, cache, weights: matrix.buffer, expanded },
    step,
    grid: cutGrid(dispatch, step, { held: matrix.rows, all }),
    outputs: [{ buffer: expanded, words: context * stride, expected }],
    tolerance: tileTolerance(dispatch),
  }
}

/** Tokens of a split, and how many splits a check combines. */
const [SPLIT, SPLIT_COUNT] = [PAGE, 3]

/** Random results of some splits, and what combining those of a head gives. */
export function randomSplits(
  buffers: TempBuffers,
  { HEADS = 0, SPLITS = 1 }: Dispatch['constants'],
  valueDim: number,
) {
  const words = valueDim + 2
  const partial = randomNumbers(HEADS * SPLITS * words, HEADS)
  const count = Math.min(SPLIT_COUNT, SPLITS)
  // The sum of a split is positive.
  for (let i = 0; i < HEADS * SPLITS; i++) partial[i * words + words - 1] = 1 + i / SPLITS
  const combined = (head: number): ExpectedSum[] => {
    const splits = Array.from({ length: count }, (_, split) =>
      partial.subarray((head * SPLITS + split) * words, (head * SPLITS + split + 1) * words),
    )
    const factors = splits.map((split) => Math.exp(split[valueDim] ?? 0))
    const total = splits.reduce((sum, split, i) => sum + (factors[i] ?? 0) * (split[valueDim + 1] ?? 0), 0)
    return weightedSum(
      splits.map((split) => split.subarray(0, valueDim)),
      factors.map((factor) => factor / total),
    )
  }
  const step = { position: count * SPLIT - 1, tokens: 1, split: SPLIT }
  return { partial: buffers.upload(partial), combined, step }
}

/** `count` rows from `first` on. */
export const rowRange = (first: number, count: number): number[] =>
  Array.from({ length: count }, (_, i) => first + i)

/** The first and the last head. */
export const firstAndLast = (heads: number): number[] => [...new Set([0, heads - 1])]

/** Checks mla_combine_splits: the combined latent times the value rows of its head. */
export const mlaCombineSplitsCheck: CheckBuilder = (buffers, dispatch) => {
  const { HEADS = 0, NOPE = 0, VALUE = 0, LATENT = 0 } = dispatch.constants
  const { partial, combined, step } = randomSplits(buffers, dispatch.constants, LATENT)
  const matrix = randomMatrix(buffers, dispatch, HEADS * (NOPE + VALUE))
  const output = buffers.zeros(HEADS * VALUE)
  const expected = () =>
    firstAndLast(Math.floor(matrix.rows / (NOPE + VALUE))).flatMap((head) => {
      const latent = combined(head).map(({ value }) => value)
      const rows = rowRange(head * (NOPE + VALUE) + NOPE, VALUE)
      return from(
        head * VALUE,
        matrix.fill(rows, LATENT).map((weights) => dot(weights, latent)),
      )
    })
  return {
    operands: { partial, weights: matrix.buffer, output },
    step,
    outputs: [{ buffer: output, words: HEADS * VALUE, expected }],
  }
}
