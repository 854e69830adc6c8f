// Answers: how is attention over the cache proven, in decode and in prefill, with latents and without?
// It must not know which variants there are.
import { CHUNK, padTo } from '../gpu/matrix.ts'
import { drawNumbers } from '../lib/draw.ts'
import { FP8_GROUP, fp8Words } from '../models/cache-form.ts'
import type { Dispatch, Resource } from '../program/graph.ts'
import type { Scratch } from '../program/scratch.ts'
import {
  dot,
  drawCodes,
  drawScales,
  type Extent,
  numbersOf,
  type Proof,
  type Prover,
  type Sum,
  scaled,
} from './proof.ts'

const PAGE = 64

type Vectors = readonly ArrayLike<number>[]

/** What a head looks at, position by position, and with which numbers of a row. */
interface Head {
  readonly query: (row: Float32Array) => ArrayLike<number>
  readonly keys: Vectors
  readonly values: Vectors
}

/** Σ p·v in decode, with the largest score and Σ p behind; divided in prefill. */
function attend({ query, keys, values }: Head, row: Float32Array, scale: number, divided: boolean): Sum[] {
  const own = query(row)
  const scores = keys.map((key) => scale * dot(own, key).value)
  const largest = Math.max(...scores)
  const shares = scores.map((score) => Math.exp(score - largest))
  const total = shares.reduce((sum, each) => sum + each)
  const sums = Array.from(values[0] ?? [], (_, i) =>
    dot(
      shares.map((share) => (divided ? share / total : share)),
      values.map((each) => each[i] ?? 0),
    ),
  )
  if (divided) return sums
  return [...sums, { value: largest, size: 1 + Math.abs(largest) }, { value: total, size: total }]
}

/** A step's queries, `stride` numbers a row, and what the first and the last head make of them. */
function rowsOf(
  room: Scratch,
  { HEADS = 0, SCALE = 0, SPLITS = 0 }: Dispatch['constants'],
  stride: number,
  value: number,
  extent: Extent,
  head: (index: number) => Head,
): Proof & { readonly queries: Resource } {
  const decode = SPLITS > 0
  const tokens = decode ? 1 : extent.tokens
  const each = decode ? SPLITS * (value + 2) : value // of a head's output
  const row = decode ? HEADS * each : padTo(HEADS * value, CHUNK)
  // Large enough that softmax prefers some keys.
  const queries = drawNumbers(tokens * stride, 3).map((number) => 4 * number)
  const output = room.empty(tokens * row)
  const first = extent.context - tokens
  const wanted = () =>
    [...new Set([0, HEADS - 1])].flatMap((index) => {
      const { query, keys, values } = head(index)
      return Array.from({ length: tokens }, (_, token) => {
        const seen = first + token + 1
        const own = { query, keys: keys.slice(0, seen), values: values.slice(0, seen) }
        const sums = attend(own, queries.subarray(token * stride), SCALE, !decode)
        return sums.map((sum, i) => ({ at: token * row + index * each + i, ...sum }))
      }).flat()
    })
  return {
    queries: room.upload(queries),
    operands: { output },
    // One split, whatever the context.
    step: { position: first, tokens, split: extent.context + PAGE - (extent.context % PAGE) },
    output,
    words: tokens * row,
    wanted,
  }
}

/** A record's words, and the numbers that they mean. */
interface DrawnRecord {
  readonly words: Uint32Array<ArrayBuffer>
  readonly numbers: readonly number[]
}

function drawRecord({ imports, constants }: Dispatch, width: number, seed: number): DrawnRecord {
  if (imports.cache === 'cache/fp8') return drawFp8Record(constants, seed)
  const format = imports.cache === 'cache/f32' ? 'f32' : 'f16'
  const words = drawCodes(format, format === 'f32' ? width : width / 2, seed)
  return { words, numbers: Array.from(numbersOf(format, words)) }
}

function drawFp8Record({ LATENT = 0, ROPE = 0 }: Dispatch['constants'], seed: number): DrawnRecord {
  const parts = fp8Words({ latent: LATENT, rope: ROPE })
  const codes = drawCodes('fp8_block', parts.codes, seed)
  const scales = drawScales('q8', parts.scales, seed) // bf16, two in a word, as groups have them
  const key = drawCodes('f16', parts.key, seed)
  const latents = scaled(numbersOf('fp8_block', codes), numbersOf('bf16', scales), FP8_GROUP)
  return {
    words: Uint32Array.of(...codes, ...scales, ...key),
    numbers: [...latents.subarray(0, LATENT), ...Array.from(numbersOf('f16', key))],
  }
}

/** Records of `width` numbers in a cache of their own, its pages back to front. */
function drawRecords(room: Scratch, dispatch: Dispatch, width: number, { context }: Extent) {
  const drawn = Array.from({ length: context }, (_, position) => drawRecord(dispatch, width, position))
  const words = drawn[0]?.words.length ?? 0
  const count = Math.ceil(context / PAGE)
  const cache = room.empty(count * PAGE * words)
  const pages = Uint32Array.from({ length: count }, (_, page) => count - 1 - page)
  drawn.forEach((record, position) => {
    const row = (pages[Math.floor(position / PAGE)] ?? 0) * PAGE + (position % PAGE)
    room.write(cache, record.words, row * words)
  })
  return { cache, records: drawn.map(({ numbers }) => numbers), pages: room.upload(pages) }
}

/**
 * heads_attend and heads_prefill: a record is keys, then values, of each group of heads. latent_attend: it is the key and, but for its last
 * columns, the value of all heads.
 */
export const proveHeads: Prover = (room, dispatch, extent) => {
  const { HEADS = 0, LATENT = 0, ROPE = 0, KV_HEADS = 1, VALUE = LATENT } = dispatch.constants
  const { KEY = LATENT + ROPE } = dispatch.constants
  const keys = KV_HEADS * KEY
  const { cache, records, pages } = drawRecords(
    room,
    dispatch,
    LATENT > 0 ? keys : keys + KV_HEADS * VALUE,
    extent,
  )
  const proof = rowsOf(room, dispatch.constants, padTo(HEADS * KEY, CHUNK), VALUE, extent, (index) => {
    const group = Math.floor((index * KV_HEADS) / HEADS)
    const first = LATENT > 0 ? 0 : keys + group * VALUE
    return {
      query: (row) => row.subarray(index * KEY, (index + 1) * KEY),
      keys: records.map((record) => record.slice(group * KEY, (group + 1) * KEY)),
      values: records.map((record) => record.slice(first, first + VALUE)),
    }
  })
  const { operands, queries } = proof
  return { ...proof, operands: { ...operands, query: queries, absorbed: queries, cache, pages } }
}

/** attend_prefill: keys and values of a head are expanded, all but the columns that turn, which the record has for all heads. */
export const proveExpanded: Prover = (room, dispatch, extent) => {
  const { HEADS = 0, NOPE = 0, ROPE = 0, VALUE = 0, LATENT = 0, BLOCK = 0 } = dispatch.constants
  const { HALF_SPLIT, Q_STRIDE = 0 } = dispatch.constants
  const { cache, records, pages } = drawRecords(room, dispatch, LATENT + ROPE, extent)
  const [each, row] = [NOPE + VALUE, padTo(HEADS * (NOPE + VALUE), CHUNK)]
  const expanded = room.empty(BLOCK * row)
  // Cached keys lie pair by pair.
  const columns = Array.from({ length: ROPE }, (_, i) =>
    HALF_SPLIT ? Math.floor(i / 2) + ((i % 2) * ROPE) / 2 : i,
  )
  const proof = rowsOf(room, dispatch.constants, Q_STRIDE, VALUE, extent, (index) => {
    const own = records.map((_, position) => {
      const numbers = drawNumbers(each, index + position)
      room.write(expanded, numbers, position * row + index * each)
      return numbers
    })
    const from = index * (NOPE + ROPE)
    return {
      query: (all) => [
        ...all.subarray(from, from + NOPE),
        ...columns.map((column) => all[from + NOPE + column] ?? 0),
      ],
      keys: records.map((record, i) => [...(own[i] ?? []).slice(0, NOPE), ...record.slice(LATENT)]),
      values: own.map((numbers) => numbers.subarray(NOPE)),
    }
  })
  const state = room.empty(extent.tokens * HEADS * 2)
  return { ...proof, operands: { ...proof.operands, query: proof.queries, expanded, cache, pages, state } }
}
