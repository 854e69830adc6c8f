// Answers: how do codes and their scales, stored as kernels read them, get onto the GPU? Checked, and otherwise as they are.
// It must not know which tensor of the model it is, nor how codes are made.
import type { MatrixLayout } from '../gpu/matrix.ts'
import { present } from '../lib/error.ts'
import { refuseLargeScales } from './finite.ts'
import { type Placed, rowsOf, rowWriter, scalesOf } from './matrix-writer.ts'
import type { TensorEntry } from './safetensors.ts'
import { brokenTensor, lineWriter, type TensorWriter } from './tensor-writer.ts'

/** Scales from 2^this on would make infinity of the largest code. */
const MOST_POWER: Readonly<Partial<Record<MatrixLayout['format'], number>>> = {
  q8: 121, // 2^7
  q4: 125, // 2^3
  fp8_block: 119, // 448
}

/** Writes rows of codes from row `start` of the layout on. Those of q8 and q4 are all valid. */
export function packedRowWriter(
  queue: GPUQueue,
  entry: TensorEntry,
  layout: MatrixLayout,
  start: number,
  places: readonly Placed[],
): TensorWriter {
  if (layout.format === 'fp8_block') return rowWriter(queue, entry, layout, start, places)
  return lineWriter(queue, entry, {
    lineBytes: entry.shape[1] ?? 1,
    strideBytes: layout.stride * 16,
    start,
    places: places.map(rowsOf),
    check: layout.format === 'q4' ? paddingCheck(entry, layout.cols) : () => {},
  })
}

/** Writes the scales of rows that have their own, from that of row `start` on. */
export function groupWriter(
  queue: GPUQueue,
  entry: TensorEntry,
  layout: MatrixLayout,
  start: number,
  places: readonly Placed[],
): TensorWriter {
  const type = layout.format === 'fp8_block' ? 'F32' : 'BF16'
  const power = present(MOST_POWER[layout.format], 'a format with scales')
  const groups = entry.shape[1] ?? 1
  return lineWriter(queue, entry, {
    lineBytes: groups * (type === 'F32' ? 4 : 2),
    strideBytes: layout.scaleStride * 4,
    start,
    places: places.map(scalesOf(layout)),
    check: (bytes, line) => refuseLargeScales(entry, type, bytes, line * groups, power),
  })
}

/** Kernels count on zeros behind the last column. In q4 it may lie within a row's last 16 bytes: see shaders/weights/q4.wgsl. */
function paddingCheck(entry: TensorEntry, cols: number): (bytes: Uint8Array, firstLine: number) => void {
  const rest = cols % 32
  if (rest === 0) return () => {}
  const mask = Uint8Array.from({ length: 16 }, (_, i) => (i < rest ? 0 : 0x0f) | (16 + i < rest ? 0 : 0xf0))
  const lineBytes = Math.ceil(cols / 32) * 16
  return (bytes, firstLine) => {
    for (let end = lineBytes; end <= bytes.length; end += lineBytes) {
      if (!mask.some((bits, i) => ((bytes[end - 16 + i] ?? 0) & bits) !== 0)) continue
      const row = firstLine + end / lineBytes - 1
      throw brokenTensor(entry, `holds more than ${cols} weights in row ${row}; what follows must be zero`)
    }
  }
}
