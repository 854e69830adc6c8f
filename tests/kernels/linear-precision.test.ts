// Tests how exact the linear kernels are: narrow codes, and inputs of prefill rounded to f16 or to 8 bits.
import { afterAll, beforeAll, expect, it } from 'vitest'
import { randomMatrix as randomCodes, readRows } from '../../src/bench/kernels/random-matrix.ts'
import type { Device } from '../../src/gpu/device.ts'
import { weightModules } from '../../src/gpu/formats.ts'
import { blockConstants } from '../../src/gpu/matrix.ts'
import { MATMUL_TILES } from '../../src/kernels/linear.ts'
import { linear_decode, linear_prefill, rounded_inputs } from '../../src/reference/linear.ts'
import { describeOnAdapters, openAdapter } from '../support/adapter.ts'
import { linearKernels } from '../support/linear.ts'
import { expectClose, normals, TOLERANCE } from '../support/numbers.ts'
import { emulatedMatrixTiles } from '../support/tiles.ts'
import { packMatrix, randomMatrix } from '../support/weights.ts'

describeOnAdapters('linear kernels', (adapter) => {
  let device: Device
  beforeAll(async () => {
    device = await openAdapter(adapter)
  })
  afterAll(() => device.destroy())

  const { decode, prefill } = linearKernels(() => device)
  const f64 = (x: Float32Array) => Float64Array.from(x)

  it('a8: codes of 2 bits lose no digits', async () => {
    const random = randomCodes('a8', [16], 256, 1)
    const { layout, part, words } = random
    for (let i = 0; i < part.scales; i++) words[i] = (words[i] ?? 0) & 0x03030303
    words.fill(0xbc403c00, part.scales) // scales 2^-7 and offsets -1.5 times that, in bf16
    const values = readRows(random, 0, 16)
    const constants = {
      STRIDE: layout.stride,
      SCALES: part.scales,
      SCALE_STRIDE: layout.scaleStride,
      ...blockConstants(layout),
    }
    const matrix = { rows: 16, cols: 256, words, values, imports: { weights: 'weights/a8' }, constants }
    const x = normals(256, 2)
    for (const weights of weightModules('a8')) {
      const y = await decode(x, matrix, { weights, kUnroll: 'shared/k_unroll_two_pairs' })
      expectClose(y, linear_decode(f64(x), values, 256), 1e-6)
    }
  })

  it('f16 tiles: inputs beyond the range of f16, tiny scales, and sums that cancel', async () => {
    const { capabilities } = device
    const matrices = emulatedMatrixTiles(capabilities).filter(([, tolerance]) => tolerance === TOLERANCE.f16)
    for (const [tiles] of capabilities.f16 ? [[MATMUL_TILES.f16], ...matrices] : []) {
      const tiny = normals(40 * 272, 1, 1e-6)
      const matrix = packMatrix(tiny, 272, 'fp8_block', { rows: 32, cols: 64 })
      for (const scale of [1e-20, 1, 1e6, 1e20]) {
        const x = normals(35 * 272, 2, scale)
        expectClose(
          await prefill(x, matrix, tiles),
          linear_prefill(f64(x), matrix.values, 272),
          TOLERANCE.f16,
        )
      }
      const cancelling = packMatrix(
        Float32Array.from({ length: 32 }, (_, i) => (i % 2 ? -3 : 3)),
        32,
        'f32',
      )
      expect(await prefill(new Float32Array(32).fill(300.7), cancelling, tiles)).toEqual(Float64Array.of(0))
    }
  })

  it('f16 tiles: offsets multiply the same rounded inputs as codes', async () => {
    const { capabilities } = device
    const matrices = emulatedMatrixTiles(capabilities).filter(([, tolerance]) => tolerance === TOLERANCE.f16)
    for (const [tiles] of capabilities.f16 ? [[MATMUL_TILES.f16], ...matrices] : []) {
      const matrix = packMatrix(normals(4 * 64, 1), 64, 'a8', { rows: 1, cols: 64, dtype: 'BF16' })
      const x = normals(35 * 64, 2).map((value) => value + 10)
      // Offsets are several times as large as weights: with the sum of other inputs the error is 5e-4.
      expectClose(await prefill(x, matrix, tiles), linear_prefill(f64(x), matrix.values, 64), 3.5e-4)
    }
  })

  for (const format of ['q8', 'q4', 'a8', 'a4'] as const) {
    it(`i8 tiles with ${format}: odd sizes, large and tiny inputs, a row of zeros`, async () => {
      if (!device.capabilities.int8Dot) return
      for (const [rows, cols, tokens, scale] of [
        [67, 138, 35, 1],
        [33, 16, 1, 1e20],
        [1, 40, 33, 1e-20],
      ] as const) {
        const matrix = randomMatrix([rows, cols], format, rows)
        const x = normals(tokens * cols, 2, scale)
        if (tokens > 1) x.fill(0, cols, 2 * cols)
        const y = await prefill(x, matrix, MATMUL_TILES.i8)
        // A number halfway between two codes may round either way.
        expectClose(y, linear_prefill(rounded_inputs(f64(x), cols), matrix.values, cols), 1e-4)
        expectClose(y, linear_prefill(f64(x), matrix.values, cols), 2e-2)
      }
    })
  }
})
