// Packs matrices into the formats with scales and offsets, awkward groups among them.
import { FORMATS } from '../../src/gpu/formats.ts'
import type { MatrixLayout } from '../../src/gpu/matrix.ts'
import { type PackedTarget, STORE_NUMBER, storeCode } from './weights.ts'

/** One group: code 0 and the largest code stand for its extremes, in this order or, every other time, not. */
function affineOf(numbers: readonly number[], largestCode: number, index: number) {
  const [low, high] = [Math.min(...numbers), Math.max(...numbers)]
  if (index % 5 === 4) return { scale: 0, offset: low } // codes mean nothing
  if (index % 7 === 6) return { scale: 1e-7, offset: high } // as MLX writes a group of equal weights
  const scale = (high - low) / largestCode
  return index % 2 === 0 ? { scale, offset: low } : { scale: -scale, offset: high }
}

/** Packs `source` row by row and returns the numbers that are then stored. */
export function storeAffine(
  source: ArrayLike<number>,
  { format, cols, block: { cols: group, dtype = 'BF16' } }: MatrixLayout,
  into: PackedTarget,
): Float64Array {
  const { bits } = FORMATS[format]
  const largest = 2 ** bits - 1
  const view = new DataView(into.words.buffer)
  const values = new Float64Array(source.length)
  const groups = Math.ceil(cols / group)
  for (let i = 0; i < (source.length / cols) * groups; i++) {
    const [row, first] = [Math.floor(i / groups), (i % groups) * group]
    const numbers = Array.from(
      { length: Math.min(group, cols - first) },
      (_, col) => source[row * cols + first + col] ?? 0,
    )
    const { scale, offset } = affineOf(numbers, largest, i)
    const at = (into.scales + row * into.scaleStride) * (dtype === 'F32' ? 1 : 2) + 2 * (i % groups)
    const stored = STORE_NUMBER[dtype](view, at, scale)
    const base = STORE_NUMBER[dtype](view, at + 1, offset)
    numbers.forEach((number, col) => {
      const exact = stored === 0 ? (7 * col + row) % largest : Math.round((number - base) / stored)
      const code = Math.min(Math.max(exact, 0), largest)
      storeCode(into, bits, [row, first + col], code)
      values[row * cols + first + col] = stored * code + base
    })
  }
  return values
}
