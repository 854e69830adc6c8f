// Answers: how do the bytes of a stored tensor become rows of a GPU matrix, scales or a vector? Checked, padded and written as they arrive.
// It must not know which tensor of the model it is, nor where the bytes come from.
import type { MatrixLayout, PartLayout } from '../gpu/matrix.ts'
import { HadalError } from '../lib/error.ts'
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
}

/**
 * Writes the rows of a stored matrix from row `start` of its layout on. Rows are padded to the layout's stride; whole rows that
 * need no padding go straight from the piece to the GPU.
 */
export function rowWriter(
  queue: GPUQueue,
  entry: TensorEntry,
  layout: MatrixLayout,
  start: number,
  places: readonly Placed[],
): TensorWriter {
  const rows = entry.shape[0] ?? 0
  const rowBytes = (entry.end - entry.start) / rows
  const strideBytes = layout.stride * 16
  let carry = new Uint8Array(0)
  let row = 0

  const write = (bytes: Uint8Array<ArrayBuffer>) => {
    const count = bytes.length / rowBytes
    if (layout.format === 'fp8_block') refuseNaN(entry, bytes, row * rowBytes)
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

/** Writes the block scales of a matrix: f32, from the block row of row `start` on. Scales must be finite. */
export function scaleWriter(
  queue: GPUQueue,
  entry: TensorEntry,
  layout: MatrixLayout,
  start: number,
  places: readonly Placed[],
): TensorWriter {
  return whole(entry, SCALE_TYPES, (scales) => {
    const stride = layout.scaleStride
    const bad = scales.findIndex((scale) => !Number.isFinite(scale))
    if (bad >= 0)
      throw broken(
        entry,
        `holds ${scales[bad]} at [${Math.floor(bad / stride)}, ${bad % stride}]; a scale must be finite`,
      )
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
  })
}

/** Writes a vector as f32, from element `first` of the buffer on. */
export function vectorWriter(
  queue: GPUQueue,
  entry: TensorEntry,
  buffer: GPUBuffer,
  first: number,
): TensorWriter {
  return whole(entry, VALUE_TYPES, (values) => queue.writeBuffer(buffer, first * 4, values))
}

const VALUE_TYPES: readonly FloatType[] = ['F32', 'F16', 'BF16']
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
  for (const { part, buffer, offset } of places) {
    const from = Math.max(firstRow, part.firstRow)
    const to = Math.min(firstRow + count, part.firstRow + part.rows)
    if (from >= to) continue
    const own = bytes.subarray((from - firstRow) * strideBytes, (to - firstRow) * strideBytes)
    queue.writeBuffer(buffer, offset + (from - part.firstRow) * strideBytes, own)
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

/** FP8 E4M3 has two NaN codes, 0x7f and 0xff, which the kernels would read as ±480. Four bytes are looked at at once. */
function refuseNaN(entry: TensorEntry, bytes: Uint8Array<ArrayBuffer>, offset: number): void {
  const suspect = (from: number, to: number) => {
    for (let i = from; i < to; i++) {
      if (((bytes[i] ?? 0) & 0x7f) === 0x7f)
        throw broken(entry, `holds the FP8 code for NaN at element ${offset + i}`)
    }
  }
  const head = Math.min((4 - (bytes.byteOffset % 4)) % 4, bytes.length)
  const words = new Uint32Array(bytes.buffer, bytes.byteOffset + head, (bytes.length - head) >> 2)
  suspect(0, head)
  for (let i = 0; i < words.length; i++) {
    // Adding 1 to each 7-bit magnitude carries into bit 7 only from 0x7f.
    if (((((words[i] ?? 0) & 0x7f7f7f7f) + 0x01010101) & 0x80808080) !== 0)
      suspect(head + 4 * i, head + 4 * i + 4)
  }
  suspect(head + 4 * words.length, bytes.length)
}

function broken(entry: TensorEntry, what: string): HadalError {
  return new HadalError('bad_file', `${entry.file}: ${entry.name} ${what}.`, {
    file: entry.file,
    tensor: entry.name,
    hint: 'Download or copy this file again.',
  })
}
