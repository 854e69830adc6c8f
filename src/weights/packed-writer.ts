// Writes weights that are already stored in GPU formats with their scales.
// They are checked and padded, and otherwise unchanged.
import { FORMATS, isFloatDtype } from '../gpu/formats.ts'
import { expectDefined } from '../lib/error.ts'
import { checkScaleLimit } from './finite.ts'
import { type MatrixTarget, rowPlacement, rowWriter, scalePlacement } from './matrix-writer.ts'
import type { TensorEntry } from './safetensors.ts'
import { invalidTensor, lineWriter, type TensorWriter } from './tensor-writer.ts'

/** Writes rows of codes from row `start` of the layout on. Every integer code is valid. */
export function packedRowWriter(queue: GPUQueue, entry: TensorEntry, target: MatrixTarget): TensorWriter {
  const { layout, start, placements } = target
  const { bits, dtype } = FORMATS[layout.format]
  if (isFloatDtype(dtype)) return rowWriter(queue, entry, target)
  return lineWriter(queue, entry, {
    lineBytes: entry.shape[1] ?? 1,
    strideBytes: layout.stride * 16,
    firstLine: start,
    placements: placements.map(rowPlacement),
    ...(bits < 8 && { check: paddingChecker(entry, layout.cols) }),
  })
}

/** Writes the group scales of quantized rows, from the scales of row `start` on. */
export function groupScaleWriter(
  queue: GPUQueue,
  entry: TensorEntry,
  { layout, start, placements }: MatrixTarget,
): TensorWriter {
  const { dtype, maxPower: power } = expectDefined(FORMATS[layout.format].scale, 'a format with scales')
  const type = layout.block.dtype ?? dtype
  const groups = entry.shape[1] ?? 1
  return lineWriter(queue, entry, {
    lineBytes: groups * (type === 'F32' ? 4 : 2),
    strideBytes: layout.scaleStride * 4,
    firstLine: start,
    placements: placements.map(scalePlacement(layout)),
    check: (bytes, line) => checkScaleLimit(entry, bytes, { type, first: line * groups, power }),
  })
}

/**
 * Kernels rely on zeros after the last column. With 4-bit codes that column may lie within a row's last
 * 16 bytes: see shaders/weights/q4.wgsl.
 */
function paddingChecker(entry: TensorEntry, cols: number): (bytes: Uint8Array, firstLine: number) => void {
  const usedInLastGroup = cols % 32
  if (usedInLastGroup === 0) return () => {}
  const mask = Uint8Array.from(
    { length: 16 },
    (_, i) => (i < usedInLastGroup ? 0 : 0x0f) | (16 + i < usedInLastGroup ? 0 : 0xf0),
  )
  const lineBytes = Math.ceil(cols / 32) * 16
  return (bytes, firstLine) => {
    for (let end = lineBytes; end <= bytes.length; end += lineBytes) {
      if (!mask.some((bits, i) => ((bytes[end - 16 + i] ?? 0) & bits) !== 0)) continue
      const row = firstLine + end / lineBytes - 1
      throw invalidTensor(entry, `holds more than ${cols} weights in row ${row}; the rest must be zero`)
    }
  }
}
