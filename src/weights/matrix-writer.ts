// Answers: how do the bytes of a stored tensor become rows of a GPU matrix, scales or a vector? Checked, padded and written as they arrive.
// It must not know which tensor of the model it is, nor where the bytes come from.
import type { MatrixLayout, PartLayout } from '../gpu/matrix.ts'
import { HadalError, present } from '../lib/error.ts'
import { type FloatType, toF32 } from '../lib/float.ts'
import type { TensorEntry } from './safetensors.ts'

/** Takes the pieces of one tensor, in order; `end` follows the last. */
export interface TensorWriter {
  push(bytes: Uint8Array<ArrayBuffer>): void
  end(): void
}

/** A place for rows: a part of a matrix, from a byte offset in a buffer. */
export interface Placed {
  readonly part: PartLayout
  readonly buffer: GPUBuffer
  readonly offset: number // bytes, a multiple of 16
  /** Called when the last row of the part has been written: the place may then be used for another part. */
  readonly filled?: () => void
}

/**
 * Writes the rows of a stored matrix from row `start` of its layout on, which must all be finite. Rows are padded to the layout's
 * stride; whole rows that need no padding go straight from the piece to the GPU.
 */
export function rowWriter(
  queue: GPUQueue,
  entry: TensorEntry,
  layout: MatrixLayout,
  start: number,
  places: readonly Placed[],
): TensorWriter {
  const type = floatType(entry, WEIGHT_TYPES)
  const rows = entry.shape[0] ?? 0
  const rowBytes = (entry.end - entry.start) / rows
  const strideBytes = layout.stride * 16
  let carry = new Uint8Array(0)
  let row = 0

  const write = (bytes: Uint8Array<ArrayBuffer>) => {
    const count = bytes.length / rowBytes
    refuseNonFinite(entry, type, bytes, row * layout.cols)
    const padded = rowBytes === strideBytes ? bytes : padRows(bytes, rowBytes, strideBytes)
    writeRows(queue, layout, places, start + row, padded)
    row += count
  }

  return {
    push(bytes) {
      let rest = bytes
      if (carry.length > 0) {
        const need = Math.min(rowBytes - carry.length, rest.length)
        carry = concat(carry, rest.subarray(0, need))
        rest = rest.subarray(need)
        if (carry.length < rowBytes) return
        write(carry)
      }
      const whole = rest.length - (rest.length % rowBytes)
      if (whole > 0) write(rest.subarray(0, whole))
      carry = rest.slice(whole)
    },
    end() {
      if (row !== rows) throw broken(entry, `ended after ${row} of ${rows} rows`)
    },
  }
}

/** Writes the block scales of a matrix: f32, from the block row of row `start` on. */
export function scaleWriter(
  queue: GPUQueue,
  entry: TensorEntry,
  layout: MatrixLayout,
  start: number,
  places: readonly Placed[],
): TensorWriter {
  return scaleReader(entry, (scales) => writeScales(queue, scales, layout, start, places))
}

/** So large a scale would make infinity of the largest FP8 number. */
const MOST_SCALE = 3e38 / 448

/** Gathers the block scales of a matrix, which must be finite, also when multiplied with a weight. */
export function scaleReader(
  entry: TensorEntry,
  done: (scales: Float32Array<ArrayBuffer>) => void,
): TensorWriter {
  return whole(entry, SCALE_TYPES, (scales) => {
    const stride = entry.shape[1] ?? 1
    const bad = scales.findIndex((scale) => !(Math.abs(scale) <= MOST_SCALE))
    if (bad < 0) return done(scales)
    const place = `[${Math.floor(bad / stride)}, ${bad % stride}]`
    throw broken(entry, `holds ${scales[bad]} at ${place}; a scale must be finite`)
  })
}

/** Writes block scales [block rows, block columns] behind the rows of each part, from the block row of row `start` on. */
export function writeScales(
  queue: GPUQueue,
  scales: Float32Array<ArrayBuffer>,
  layout: MatrixLayout,
  start: number,
  places: readonly Placed[],
): void {
  const stride = layout.scaleStride
  const firstBlock = start / layout.block.rows
  for (const { part, buffer, offset } of places) {
    const partBlock = part.firstRow / layout.block.rows
    const blocks = Math.ceil(part.rows / layout.block.rows)
    const from = Math.max(firstBlock, partBlock)
    const to = Math.min(firstBlock + scales.length / stride, partBlock + blocks)
    if (from >= to) continue
    const own = scales.subarray((from - firstBlock) * stride, (to - firstBlock) * stride)
    queue.writeBuffer(buffer, offset + (part.scales + (from - partBlock) * stride) * 4, own)
  }
}

/** Writes a vector, whose numbers must be finite, as f32, from element `first` of the buffer on. */
export function vectorWriter(
  queue: GPUQueue,
  entry: TensorEntry,
  buffer: GPUBuffer,
  first: number,
): TensorWriter {
  return whole(entry, VALUE_TYPES, (values) => {
    refuseOneOf(entry, values, 0)
    queue.writeBuffer(buffer, first * 4, values)
  })
}

const VALUE_TYPES: readonly FloatType[] = ['F32', 'F16', 'BF16']
const WEIGHT_TYPES: readonly FloatType[] = [...VALUE_TYPES, 'F8_E4M3']
/** A byte of E8M0 is a power of two (its NaN is refused with the others). */
const SCALE_TYPES: readonly FloatType[] = [...VALUE_TYPES, 'F8_E8M0']

/** Gathers a small tensor of one of these types and hands it over as f32. */
function whole(
  entry: TensorEntry,
  types: readonly FloatType[],
  done: (values: Float32Array<ArrayBuffer>) => void,
): TensorWriter {
  const type = floatType(entry, types)
  const bytes = new Uint8Array(entry.end - entry.start)
  let filled = 0
  return {
    push(piece) {
      bytes.set(piece, filled)
      filled += piece.length
    },
    end: () => done(new Float32Array(toF32(type, bytes))),
  }
}

function floatType(entry: TensorEntry, types: readonly FloatType[]): FloatType {
  const type = types.find((each) => each === entry.dtype)
  if (type) return type
  throw new HadalError(
    'unsupported',
    `${entry.file}: ${entry.name} is stored as ${entry.dtype}; ${types.join(', ')} are read here.`,
    {
      file: entry.file,
      tensor: entry.name,
    },
  )
}

/** Rows that cross from one part into the next are cut there. */
function writeRows(
  queue: GPUQueue,
  layout: MatrixLayout,
  places: readonly Placed[],
  firstRow: number,
  bytes: Uint8Array<ArrayBuffer>,
): void {
  const strideBytes = layout.stride * 16
  const count = bytes.length / strideBytes
  for (const { part, buffer, offset, filled } of places) {
    const end = part.firstRow + part.rows
    const from = Math.max(firstRow, part.firstRow)
    const to = Math.min(firstRow + count, end)
    if (from >= to) continue
    const own = bytes.subarray((from - firstRow) * strideBytes, (to - firstRow) * strideBytes)
    queue.writeBuffer(buffer, offset + (from - part.firstRow) * strideBytes, own)
    if (to === end) filled?.()
  }
}

function padRows(bytes: Uint8Array, rowBytes: number, strideBytes: number): Uint8Array<ArrayBuffer> {
  const count = bytes.length / rowBytes
  const padded = new Uint8Array(count * strideBytes)
  for (let row = 0; row < count; row++) {
    padded.set(bytes.subarray(row * rowBytes, (row + 1) * rowBytes), row * strideBytes)
  }
  return padded
}

function concat(a: Uint8Array, b: Uint8Array): Uint8Array<ArrayBuffer> {
  const joined = new Uint8Array(a.length + b.length)
  joined.set(a)
  joined.set(b, a.length)
  return joined
}

/**
 * What is added to the exponents of a word's numbers (all of E4M3's bits: its NaN is the largest code) so that those of NaN and
 * infinity, and no others, carry into the sign.
 */
const CARRIES: Readonly<Partial<Record<FloatType, { mask: number; add: number; signs: number }>>> = {
  F32: { mask: 0x7f800000, add: 0x00800000, signs: 0x80000000 },
  F16: { mask: 0x7c007c00, add: 0x04000400, signs: 0x80008000 },
  BF16: { mask: 0x7f807f80, add: 0x00800080, signs: 0x80008000 },
  F8_E4M3: { mask: 0x7f7f7f7f, add: 0x01010101, signs: 0x80808080 },
}

/** Kernels promise nothing for NaN and infinity, and read FP8's NaN as ±480. `first`: which element the bytes begin with. */
function refuseNonFinite(
  entry: TensorEntry,
  type: FloatType,
  bytes: Uint8Array<ArrayBuffer>,
  first: number,
): void {
  const { mask, add, signs } = present(CARRIES[type], type)
  const aligned = bytes.byteOffset % 4 === 0 ? bytes : bytes.slice()
  const words = new Int32Array(aligned.buffer, aligned.byteOffset, aligned.length >> 2)
  let carries = 0
  for (let i = 0; i < words.length; i++) carries |= ((words[i] ?? 0) & mask) + add
  // Bytes behind the last word are looked at number by number, and all others with them: real matrices have none.
  const covered = aligned.length === 4 * words.length
  if ((carries & signs) !== 0 || !covered) refuseOneOf(entry, toF32(type, aligned), first)
}

function refuseOneOf(entry: TensorEntry, values: Float32Array, first: number): void {
  const bad = values.findIndex((value) => !Number.isFinite(value))
  if (bad >= 0) throw broken(entry, `holds ${values[bad]} at element ${first + bad}; a weight must be finite`)
}

function broken(entry: TensorEntry, what: string): HadalError {
  return new HadalError('bad_file', `${entry.file}: ${entry.name} ${what}.`, {
    file: entry.file,
    tensor: entry.name,
    hint: 'Download or copy this file again.',
  })
}
