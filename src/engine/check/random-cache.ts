// Seeded random KV entries in every cache format, page tables, rotary tables, and how entries are decoded.
import { randomNumbers } from '../../lib/random.ts'
import { FP8_SCALE_GROUP, fp8EntryWords } from '../../models/cache-layout.ts'
import type { Dispatch } from '../../program/graph.ts'
import type { TempBuffers } from '../../program/temp-buffers.ts'
import { type CheckSize, close, type ExpectedSum, TOLERANCE } from './kernel-check.ts'
import { applyScales, decodeCodes, randomCodes, randomScales } from './random-weights.ts'

export const PAGE = 64

/** The format of the KV entries that a dispatch reads or writes: `f16`, `f32` or `fp8`. */
const entryFormatOf = ({ imports }: Dispatch): string =>
  (imports.cache ?? imports.pack ?? '').replace(/^.*\//, '')

/** Sizes of a KV entry: all its numbers, and the parts that `fp8` stores in different ways. */
interface EntrySizes {
  readonly width: number
  readonly LATENT?: number
  readonly ROPE?: number
}

const fp8Words = ({ LATENT = 0, ROPE = 0 }: EntrySizes) =>
  fp8EntryWords({ kvLoraRank: LATENT, qkRopeDim: ROPE })

/** 32-bit words of an entry. */
export function entryWordsOf(dispatch: Dispatch, sizes: EntrySizes): number {
  const format = entryFormatOf(dispatch)
  if (format === 'fp8') return fp8Words(sizes).all
  return format === 'f16' ? sizes.width / 2 : sizes.width
}

function randomEntry(dispatch: Dispatch, sizes: EntrySizes, seed: number): Uint32Array<ArrayBuffer> {
  const format = entryFormatOf(dispatch)
  if (format !== 'fp8')
    return randomCodes(format === 'f32' ? 'f32' : 'f16', entryWordsOf(dispatch, sizes), seed)
  const { codes, scales, key } = fp8Words(sizes)
  const latents = randomCodes('fp8_block', codes, seed)
  new Uint8Array(latents.buffer).fill(0, sizes.LATENT) // padding, which kernels read
  return Uint32Array.of(
    ...latents,
    ...randomScales({ dtype: 'BF16' }, scales, seed),
    ...randomCodes('f16', key, seed),
  )
}

/** The numbers of an entry. */
export function decodeEntry(
  dispatch: Dispatch,
  sizes: EntrySizes,
  words: Uint32Array<ArrayBuffer>,
): Float64Array {
  const format = entryFormatOf(dispatch)
  if (format !== 'fp8') return Float64Array.from(decodeCodes(format === 'f16' ? 'f16' : 'f32', words))
  const { codes, scales } = fp8Words(sizes)
  const factors = decodeCodes('bf16', words.slice(codes, codes + scales))
  const latents = applyScales(decodeCodes('fp8_block', words.slice(0, codes)), factors, FP8_SCALE_GROUP)
  const key = decodeCodes('f16', words.slice(codes + scales))
  return Float64Array.of(...latents.subarray(0, sizes.LATENT), ...Array.from(key))
}

/** The numbers of an entry as its format rounds them: their magnitudes grow by the rounding errors. */
export function roundedEntry(
  dispatch: Dispatch,
  { LATENT = 0 }: EntrySizes,
  numbers: readonly ExpectedSum[],
): ExpectedSum[] {
  const format = entryFormatOf(dispatch)
  const allow = ({ value, magnitude }: ExpectedSum, error: number) => ({
    value,
    magnitude: magnitude + error / TOLERANCE,
  })
  return numbers.map((number, i) => {
    const size = Math.abs(number.value)
    if (format === 'fp8' && i < LATENT) {
      const group = i - (i % FP8_SCALE_GROUP)
      const latents = numbers.slice(group, Math.min(group + FP8_SCALE_GROUP, LATENT))
      const largest = Math.max(...latents.map(({ value }) => Math.abs(value)))
      // Half a step: of 3 bits of mantissa, or between the subnormals, of which 448 · 512 fill the range.
      return allow(number, Math.max(size / 15, largest / (448 * 512)))
    }
    return format === 'f32' || format === 'activation' ? number : allow(number, size * 2 ** -10 + 2 ** -23)
  })
}

/** A page table with the pages of `tokens` tokens in reverse order. */
export function reversedPages(tokens: number) {
  const count = Math.ceil(tokens / PAGE)
  return {
    pages: Uint32Array.from({ length: count }, (_, page) => count - 1 - page),
    rows: count * PAGE,
    rowOf: (position: number) => (count - 1 - Math.floor(position / PAGE)) * PAGE + (position % PAGE),
  }
}

/** A cache of random KV entries of `width` numbers. */
export function randomCache(
  buffers: TempBuffers,
  dispatch: Dispatch,
  width: number,
  { context }: Pick<CheckSize, 'context'>,
) {
  const sizes = { ...dispatch.constants, width }
  const words = entryWordsOf(dispatch, sizes)
  const { pages, rows, rowOf } = reversedPages(context)
  const all = new Uint32Array(rows * words)
  // The numbers of an entry share an exponent, which the seed selects. The last entry has the largest, so
  // that leaving it out shows.
  const shift = 15 - ((context - 1) % 16)
  const entries = Array.from({ length: context }, (_, position) => {
    const entry = randomEntry(dispatch, sizes, position + shift)
    all.set(entry, rowOf(position) * words)
    return decodeEntry(dispatch, sizes, entry)
  })
  return { cache: buffers.upload(all), entries, pages: buffers.upload(pages) }
}

/** First position of the checks that rotate: their tokens cross a page and a row of the rotary table. */
export const ROTATED_FROM = 254

/** A random rotary table (shaders/shared/rotation), and what its rotations make of a head's rope part. */
export function randomRotations(
  buffers: TempBuffers,
  { ROPE = 0, ROPE_INTERLEAVED = 1 }: Dispatch['constants'],
) {
  const table = randomNumbers((256 + 2) * ROPE, ROPE)
  const factor = (row: number, pair: number): Pair => [
    table[row * ROPE + 2 * pair] ?? 0,
    table[row * ROPE + 2 * pair + 1] ?? 0,
  ]
  /** The columns of a pair. */
  const columns = (pair: number): Pair =>
    ROPE_INTERLEAVED ? [2 * pair, 2 * pair + 1] : [pair, pair + ROPE / 2]
  /** The rotated pairs of a rope part, each side by side. */
  const rotated = (part: readonly ExpectedSum[], position: number): ExpectedSum[] =>
    Array.from({ length: ROPE / 2 }, (_, pair) => {
      const [a, b] = columns(pair).map((column) => part[column] ?? close(0)) as [ExpectedSum, ExpectedSum]
      const [low, high] = [factor(position % 256, pair), factor(256 + Math.floor(position / 256), pair)]
      const magnitude = (a.magnitude + b.magnitude) * norm(low) * norm(high)
      return product([a.value, b.value], product(low, high)).map((value) => ({ value, magnitude }))
    }).flat()
  return { table: buffers.upload(table), columns, rotated }
}

type Pair = readonly [number, number]

const norm = ([a, b]: Pair): number => Math.abs(a) + Math.abs(b)

/** The product of two complex numbers. */
const product = ([a, b]: Pair, [c, d]: Pair): Pair => [a * c - b * d, a * d + b * c]
