// Answers: how does a test lay records whose latent is in FP8 into the paged KV cache, and read them back? Bytes counted
// here once more, apart from the shaders. It must not know what the numbers are for.
import { decodeBF16, decodeE4M3, decodeF16, encodeBF16, encodeE4M3, encodeF16 } from '../../src/lib/float.ts'
import { PAGE } from './cache.ts'

export interface Fp8Shape {
  readonly latent: number
  readonly rope: number
}

const GROUP = 128
const padTo4 = (bytes: number) => Math.ceil(bytes / 4) * 4

/** Bytes from the start of a record to its scales, to its key and to its end. */
function placesOf({ latent, rope }: Fp8Shape) {
  const scales = padTo4(latent)
  const key = scales + padTo4(2 * Math.ceil(latent / GROUP))
  return { scales, key, bytes: key + 2 * rope }
}

export const fp8RecordBytes = (shape: Fp8Shape): number => placesOf(shape).bytes

/** Byte of a position's record. */
const byteOf = (pages: Uint32Array, position: number, bytes: number) =>
  ((pages[Math.floor(position / PAGE)] ?? 0) * PAGE + (position % PAGE)) * bytes

/** The largest number becomes 448, but for the rounding of the scale. */
const scaleFor = (numbers: readonly number[]): number =>
  encodeBF16(Math.max(1e-30, ...numbers.map(Math.abs)) / 448)

/** Cache that holds `records` [context, latent + rope] from position 0 on, each number rounded to what FP8 and f16 can say. */
export function packFp8(
  records: Float64Array,
  shape: Fp8Shape,
  pages: Uint32Array,
): Uint32Array<ArrayBuffer> {
  const { scales, key, bytes } = placesOf(shape)
  const width = shape.latent + shape.rope
  const view = new DataView(new ArrayBuffer((Math.max(...pages) + 1) * PAGE * bytes))
  for (let position = 0; position < records.length / width; position++) {
    const at = byteOf(pages, position, bytes)
    const record = [...records.subarray(position * width, (position + 1) * width)]
    for (let first = 0; first < shape.latent; first += GROUP) {
      const group = record.slice(first, Math.min(first + GROUP, shape.latent))
      const scale = scaleFor(group)
      view.setUint16(at + scales + (2 * first) / GROUP, scale, true)
      group.forEach((value, i) => {
        view.setUint8(at + first + i, encodeE4M3(value / decodeBF16(scale)))
      })
    }
    record.slice(shape.latent).forEach((value, i) => {
      view.setUint16(at + key + 2 * i, encodeF16(value), true)
    })
  }
  return new Uint32Array(view.buffer)
}

/** What the records of positions from `first` up to `end` mean: [end - first, latent + rope]. */
export function unpackFp8(
  cache: Uint32Array,
  shape: Fp8Shape,
  pages: Uint32Array,
  [first, end]: readonly [number, number],
): Float64Array {
  const { scales, key, bytes } = placesOf(shape)
  const view = new DataView(cache.buffer, cache.byteOffset)
  const width = shape.latent + shape.rope
  return Float64Array.from({ length: (end - first) * width }, (_, i) => {
    const at = byteOf(pages, first + Math.floor(i / width), bytes)
    const column = i % width
    if (column >= shape.latent) return decodeF16(view.getUint16(at + key + 2 * (column - shape.latent), true))
    const scale = decodeBF16(view.getUint16(at + scales + 2 * Math.floor(column / GROUP), true))
    return scale * decodeE4M3(view.getUint8(at + column))
  })
}
