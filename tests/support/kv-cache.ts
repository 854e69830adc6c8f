// Packs KV entries into a paged cache and reads them back. Pages are in random order; unwritten numbers are
// NaN.
import { decodeF16, encodeF16 } from '../../src/lib/float.ts'
import { seededRandom } from './numbers.ts'

export const PAGE_TOKENS = 64
export type KvDtype = 'f16' | 'f32'

const UNWRITTEN_WORD = { f16: 0x7e007e00, f32: 0x7fc00000 } as const

/** A page table for `context` positions: a random selection from slightly more pages than needed. */
export function pageTable(context: number, seed: number): Uint32Array<ArrayBuffer> {
  const next = seededRandom(seed)
  const needed = Math.ceil(context / PAGE_TOKENS)
  const order = Array.from({ length: needed + 2 }, (_, page) => ({ page, key: next() }))
  return Uint32Array.from(order.sort((a, b) => a.key - b.key).slice(0, needed), ({ page }) => page)
}

/** An unwritten cache that holds every page of the table. */
export function emptyCache(pages: Uint32Array, width: number, format: KvDtype): Uint32Array<ArrayBuffer> {
  const rows = (Math.max(...pages) + 1) * PAGE_TOKENS
  return new Uint32Array((rows * width) / (format === 'f16' ? 2 : 1)).fill(UNWRITTEN_WORD[format])
}

/** Index of the first word of a position's KV entry. */
const wordOf = (pages: Uint32Array, position: number, width: number, format: KvDtype): number =>
  ((pages[Math.floor(position / PAGE_TOKENS)] ?? 0) * PAGE_TOKENS + (position % PAGE_TOKENS)) *
  (format === 'f16' ? width / 2 : width)

/** A cache that holds `entries` [context, width] from position 0 on, rounded to the format. */
export function packKvEntries(
  entries: ArrayLike<number>,
  width: number,
  pages: Uint32Array,
  format: KvDtype,
): Uint32Array<ArrayBuffer> {
  const cache = emptyCache(pages, width, format)
  const view = new DataView(cache.buffer)
  for (let i = 0; i < entries.length; i++) {
    const word = wordOf(pages, Math.floor(i / width), width, format)
    const value = entries[i] ?? 0
    if (format === 'f16') view.setUint16(4 * word + 2 * (i % width), encodeF16(value), true)
    else view.setFloat32(4 * word + 4 * (i % width), value, true)
  }
  return cache
}

/** The KV entries of positions from `first` up to `end`: [end - first, width]. */
export function unpackKvEntries(
  cache: Uint32Array,
  width: number,
  pages: Uint32Array,
  format: KvDtype,
  [first, end]: readonly [number, number],
): Float64Array {
  const view = new DataView(cache.buffer, cache.byteOffset)
  return Float64Array.from({ length: (end - first) * width }, (_, i) => {
    const word = wordOf(pages, first + Math.floor(i / width), width, format)
    return format === 'f16'
      ? decodeF16(view.getUint16(4 * word + 2 * (i % width), true))
      : view.getFloat32(4 * word + 4 * (i % width), true)
  })
}
