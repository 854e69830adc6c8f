// Packs KV entries with an FP8 latent into a paged cache and reads them back.
// The byte layout is restated here, independently of the shaders.
import { decodeBF16, decodeE4M3, decodeF16, encodeBF16, encodeE4M3, encodeF16 } from '../../src/lib/float.ts'
import { PAGE_TOKENS } from './kv-cache.ts'

export interface Fp8EntryShape {
  readonly kvLoraRank: number
  readonly qkRopeDim: number
}

const FP8_GROUP = 128
const padTo4 = (bytes: number) => Math.ceil(bytes / 4) * 4

/** Byte offsets of an entry's scales and key, and its length. */
function entryOffsets({ kvLoraRank, qkRopeDim }: Fp8EntryShape) {
  const scales = padTo4(kvLoraRank)
  const key = scales + padTo4(2 * Math.ceil(kvLoraRank / FP8_GROUP))
  return { scales, key, bytes: key + 2 * qkRopeDim }
}

export const fp8EntryBytes = (shape: Fp8EntryShape): number => entryOffsets(shape).bytes

/** Byte offset of a position's entry. */
const byteOf = (pages: Uint32Array, position: number, bytes: number) =>
  ((pages[Math.floor(position / PAGE_TOKENS)] ?? 0) * PAGE_TOKENS + (position % PAGE_TOKENS)) * bytes

/** The scale, in BF16, that maps the largest number to 448. */
const scaleFor = (numbers: readonly number[]): number =>
  encodeBF16(Math.max(1e-30, ...numbers.map(Math.abs)) / 448)

/** A cache that holds `entries` [context, latent + rope] from position 0 on, rounded to FP8 and f16. */
export function packFp8(
  entries: Float64Array,
  shape: Fp8EntryShape,
  pages: Uint32Array,
): Uint32Array<ArrayBuffer> {
  const { scales, key, bytes } = entryOffsets(shape)
  const width = shape.kvLoraRank + shape.qkRopeDim
  const view = new DataView(new ArrayBuffer((Math.max(...pages) + 1) * PAGE_TOKENS * bytes))
  for (let position = 0; position < entries.length / width; position++) {
    const at = byteOf(pages, position, bytes)
    const entry = [...entries.subarray(position * width, (position + 1) * width)]
    for (let first = 0; first < shape.kvLoraRank; first += FP8_GROUP) {
      const group = entry.slice(first, Math.min(first + FP8_GROUP, shape.kvLoraRank))
      const scale = scaleFor(group)
      view.setUint16(at + scales + (2 * first) / FP8_GROUP, scale, true)
      group.forEach((value, i) => {
        view.setUint8(at + first + i, encodeE4M3(value / decodeBF16(scale)))
      })
    }
    entry.slice(shape.kvLoraRank).forEach((value, i) => {
      view.setUint16(at + key + 2 * i, encodeF16(value), true)
    })
  }
  return new Uint32Array(view.buffer)
}

/** The dequantized entries of positions from `first` up to `end`: [end - first, latent + rope]. */
export function unpackFp8(
  cache: Uint32Array,
  shape: Fp8EntryShape,
  pages: Uint32Array,
  [first, end]: readonly [number, number],
): Float64Array {
  const { scales, key, bytes } = entryOffsets(shape)
  const view = new DataView(cache.buffer, cache.byteOffset)
  const width = shape.kvLoraRank + shape.qkRopeDim
  return Float64Array.from({ length: (end - first) * width }, (_, i) => {
    const at = byteOf(pages, first + Math.floor(i / width), bytes)
    const column = i % width
    if (column >= shape.kvLoraRank)
      return decodeF16(view.getUint16(at + key + 2 * (column - shape.kvLoraRank), true))
    const scale = decodeBF16(view.getUint16(at + scales + 2 * Math.floor(column / FP8_GROUP), true))
    return scale * decodeE4M3(view.getUint8(at + column))
  })
}
