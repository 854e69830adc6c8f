import { afterAll, beforeAll, it } from 'vitest'
import type { Device } from '../../src/gpu/device.ts'
import { linearDecode, linearPrefill } from '../../src/kernels/linear.ts'
import { linear_decode, linear_prefill } from '../../src/reference/linear.ts'
import { describeOnAdapters, openAdapter } from '../support/adapter.ts'
import { runKernel } from '../support/kernel.ts'
import { expectClose, normals, padRows, TOLERANCE, unpadRows } from '../support/numbers.ts'
import { type PackedMatrix, randomMatrix, WEIGHT_FORMATS } from '../support/weights.ts'

const BLOCKS = { rows: 32, cols: 48 } // small and odd, so that small matrices have many and cut ones

describeOnAdapters('linear', (adapter) => {
  let device: Device
  beforeAll(async () => {
    device = await openAdapter(adapter)
  })
  afterAll(() => device.destroy())

  /** The arguments that both kernels share; y starts as `before` (ACCUMULATE when given). */
  const shared = (x: Float32Array, matrix: PackedMatrix, before?: Float32Array) => {
    const tokens = x.length / matrix.cols
    const y = padRows(before ?? new Float32Array(tokens * matrix.rows), matrix.rows)
    const constants = {
      ...matrix.constants,
      IN: matrix.cols,
      OUT: matrix.rows,
      Y_STRIDE: y.length / tokens,
      ACCUMULATE: before ? 1 : 0,
    }
    return { tokens, constants, data: { x: padRows(x, matrix.cols), weights: matrix.words, y } }
  }

  const decode = async (
    x: Float32Array,
    matrix: PackedMatrix,
    { rows = 1, lanes = 16, before }: { rows?: number; lanes?: number; before?: Float32Array } = {},
  ) => {
    const { tokens, constants, data } = shared(x, matrix, before)
    const { y } = await runKernel(device, {
      kernel: linearDecode,
      constants: { ...constants, LANES: lanes, WORKGROUP: 64 },
      imports: { ...matrix.imports, rows: `shared/rows_${rows}` },
      grid: [Math.ceil(matrix.rows / (64 / lanes))],
      step: { tokens },
      data,
    })
    return unpadRows(y, matrix.rows)
  }

  const prefill = async (x: Float32Array, matrix: PackedMatrix, products = 'f32', before?: Float32Array) => {
    const { tokens, constants, data } = shared(x, matrix, before)
    const { y } = await runKernel(device, {
      kernel: linearPrefill,
      constants: { ...constants, WORKGROUP: 64 },
      imports: { ...matrix.imports, products: `linear/products_${products}` },
      grid: [Math.ceil(matrix.rows / 32), Math.ceil(tokens / 32)],
      step: { tokens },
      data,
    })
    return unpadRows(y, matrix.rows)
  }

  const wantedOf = (x: Float32Array, matrix: PackedMatrix) =>
    linear(Float64Array.from(x), matrix.values, matrix.cols)

  for (const format of WEIGHT_FORMATS) {
    it(`${format}: decode and prefill agree with the reference`, async () => {
      for (const [outputs, inputs, tokens] of [
        [1, 1, 1],
        [509, 138, 3],
        [33, 257, 33],
      ] as const) {
        const x = normals(tokens * inputs, inputs)
        const matrix = randomMatrix(outputs, inputs, format, outputs, BLOCKS)
        const wanted = wantedOf(x, matrix)
        expectClose(await prefill(x, matrix), wanted, TOLERANCE.f32)
        if (device.capabilities.f16) expectClose(await prefill(x, matrix, 'f16'), wanted, TOLERANCE.f16)
        if (tokens <= 8) expectClose(await decode(x, matrix, { rows: 4 }), wanted, TOLERANCE.f32)
      }
    })
  }

  for (const rows of [1, 2, 4, 8]) {
    it(`decode with up to ${rows} rows, any number of lanes, writing or adding`, async () => {
      const matrix = randomMatrix(67, 138, 'fp8_block', rows, BLOCKS)
      for (const [tokens, lanes] of [
        [rows, 4],
        [Math.ceil(rows / 2), 32],
      ] as const) {
        const x = normals(tokens * 138, tokens)
        const before = normals(tokens * 67, 5)
        const wanted = wantedOf(x, matrix)
        expectClose(await decode(x, matrix, { rows, lanes }), wanted, TOLERANCE.f32)
        const added = wanted.map((value, i) => value + (before[i] ?? 0))
        expectClose(await decode(x, matrix, { rows, lanes, before }), added, TOLERANCE.f32)
      }
    })
  }
})
