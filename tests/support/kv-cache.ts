// Packs KV entries into a paged cache and reads them back. Pages are in random order; unwritten numbers are
// NaN.
import { decodeF16, encodeF16 } from '../../src/lib/float.ts'
import { seededRandom } from './numbers.ts'

export const PAGE_TOKENS = 64
export type KvDtype = 'f16' | 'f32'

const UNWRITTEN_WORD = { f16: 0x7e007e00, f32: 0x7fc00000 } as const

/** Eight numbers, some of which f16 does not reach. */
export const BEYOND_F16 = [1e5, -1e6, 65504, -65519, 65520, -3e38, 2, 0.5] as const

/** What an f16 cache keeps of a number: the nearest finite f16. */
export const nearestF16 = (value: number): number =>
  decodeF16(encodeF16(Math.max(-65504, Math.min(value, 65504))))

/** A page table for `context` positions: a random selection from slightly more pages than needed. */
export function pageTable(context: number, seed: number): Uint32Array<ArrayBuffer> {
  const next = seededRandom(seed)
  const needed = Math.ceil(context / PAGE_TOKENS)
  const order = Array.from({ length: needed + 2 }, (_, page) => ({ page, key: next() }))
  return Uint32Array.from(order.sort((a, b) => a.key - b.key).slice(0, needed), ({ page }) => page)
}

/** What a KV entry holds. */
export interface KvEntryShape {
  readonly entryWidth: number // in numbers
  readonly kvDtype: KvDtype
}

const entryWords = ({ entryWidth, kvDtype }: KvEntryShape): number => entryWidth / (kvDtype === 'f16' ? 2 : 1)

/** An unwritten cache that holds every page of the table. */
export function emptyCache(shape: KvEntryShape, pages: Uint32Array): Uint32Array<ArrayBuffer> {
  const rows = (Math.max(...pages) + 1) * PAGE_TOKENS
  return new Uint32Array(rows * entryWords(shape)).fill(UNWRITTEN_WORD[shape.kvDtype])
}

/** Index of the first word of a position's KV entry. */
const wordOf = (shape: KvEntryShape, pages: Uint32Array, position: number): number =>
  ((pages[Math.floor(position / PAGE_TOKENS)] ?? 0) * PAGE_TOKENS + (position % PAGE_TOKENS)) *
  entryWords(shape)

/** A cache that holds `entries` [context, entryWidth] from position 0 on, rounded to the type. */
export function packKvEntries(
  entries: ArrayLike<number>,
  shape: KvEntryShape,
  pages: Uint32Array,
): Uint32Array<ArrayBuffer> {
  const { entryWidth: width, kvDtype } = shape
  const cache = emptyCache(shape, pages)
  const view = new DataView(cache.buffer)
  for (let i = 0; i < entries.length; i++) {
    const word = wordOf(shape, pages, Math.floor(i / width))
    const value = entries[i] ?? 0
    if (kvDtype === 'f16') view.setUint16(4 * word + 2 * (i % width), encodeF16(value), true)
    else view.setFloat32(4 * word + 4 * (i % width), value, true)
  }
  return cache
}

/** The KV entries of positions from `first` up to `end`: [end - first, entryWidth]. */
export function unpackKvEntries(
  cache: Uint32Array,
  shape: KvEntryShape,
  pages: Uint32Array,
  [first, end]: readonly [number, number],
): Float64Array {
  const { entryWidth: width, kvDtype } = shape
  const view = new DataView(cache.buffer, cache.byteOffset)
  return Float64Array.from({ length: (end - first) * width }, (_, i) => {
    const word = wordOf(shape, pages, first + Math.floor(i / width))
    return kvDtype === 'f16'
      ? decodeF16(view.getUint16(4 * word + 2 * (i % width), true))
      : view.getFloat32(4 * word + 4 * (i % width), true)
  })
}
