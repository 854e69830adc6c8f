// Tests of what lies beside integer codes: scales and offsets, shapes, and the order of columns.
import { describe, expect, it } from 'vitest'
import { layoutMatrix } from '../../src/gpu/matrix.ts'
import { integerScaleWords } from '../../src/weights/integer-scales.ts'
import type { TensorEntry } from '../../src/weights/safetensors.ts'
import { columnOrderCheck, shapeCheck } from '../../src/weights/stored-checks.ts'
import type { IntegerMatrix } from '../../src/weights/stored-matrix.ts'

const entry = (name: string, dtype: string, ...shape: number[]): TensorEntry => ({
  name,
  dtype,
  shape,
  file: 'f',
  start: 0,
  end: 0,
})

/** Two rows of two groups. */
const MATRIX: IntegerMatrix = {
  kind: 'integer',
  name: 'w',
  label: '',
  bits: 4,
  groupSize: 32,
  order: 'rows',
  codes: entry('w.weight', 'U32', 2, 8),
  scales: entry('w.scales', 'F32', 2, 2),
  offsets: { kind: 'stored', entry: entry('w.biases', 'F32', 2, 2) },
  shape: undefined,
  columnOrder: undefined,
  createWriters: () => ({ rows: [], scales: [] }),
  storedLayout: layoutMatrix('a4', [2], 64, { rows: 1, cols: 32, dtype: 'F32' }),
}
const bytesOf = (numbers: Float32Array<ArrayBuffer> | Int32Array<ArrayBuffer> | BigInt64Array<ArrayBuffer>) =>
  new Uint8Array(numbers.buffer)

describe('tensors beside codes', () => {
  const words = (scales: number[], offsets: number[]) =>
    integerScaleWords(MATRIX, MATRIX.storedLayout, {
      scales: bytesOf(Float32Array.from(scales)),
      offsets: bytesOf(Float32Array.from(offsets)),
    })

  it('must be finite, and so must every weight', () => {
    expect([...new Float32Array(words([1, -2, 0, 4], [5, 6, 7, 8]).buffer)]).toEqual([
      1, 5, -2, 6, 0, 7, 4, 8,
    ])
    expect(() => words([1, 2, Number.NaN, 4], [0, 0, 0, 0])).toThrow(/w\.scales holds NaN at element 2/)
    expect(() => words([1, 2, 3, 4], [0, Number.POSITIVE_INFINITY, 0, 0])).toThrow(/w\.biases holds Infinity/)
    expect(() => words([1e38, 2, 3, 4], [0, 0, 0, 0])).toThrow(/w\.scales holds 1e\+38|w\.scales holds 9\.9/)
  })

  it('must agree with the matrix', () => {
    const shape = entry('w.weight_shape', 'I64', 2)
    expect(() => shapeCheck(MATRIX, shape, bytesOf(BigInt64Array.of(2n, 64n)))).not.toThrow()
    expect(() => shapeCheck(MATRIX, shape, bytesOf(BigInt64Array.of(64n, 2n)))).toThrow(/holds \[64, 2\]/)
    const order = entry('w.g_idx', 'I32', 64)
    const groups = Int32Array.from({ length: 64 }, (_, i) => i >> 5)
    expect(() => columnOrderCheck(MATRIX, order, bytesOf(groups))).not.toThrow()
    expect(() => columnOrderCheck(MATRIX, order, bytesOf(groups.map(() => -1)))).not.toThrow()
    groups.set([0], 40)
    expect(() => columnOrderCheck(MATRIX, order, bytesOf(groups))).toThrow(
      /column 40 into group 0.*act-order/,
    )
  })
})
