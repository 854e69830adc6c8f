// Tests of the linear kernels against their f64 references: formats, tiles, precisions, row tilings.
import { afterAll, beforeAll, expect, it } from 'vitest'
import { randomMatrix as randomCodes, readRows } from '../../src/bench/kernels/random-matrix.ts'
import type { Device } from '../../src/gpu/device.ts'
import { weightModules } from '../../src/gpu/formats.ts'
import { blockConstants } from '../../src/gpu/matrix.ts'
import type { Variants } from '../../src/gpu/variants.ts'
import { linearDecode, linearPrefill, MATMUL_TILES, type MatmulTiles } from '../../src/kernels/linear.ts'
import { rowTilingOf } from '../../src/models/ops.ts'
import { linear_decode, linear_prefill, rounded_inputs } from '../../src/reference/linear.ts'
import { rms_norm } from '../../src/reference/norm.ts'
import { describeOnAdapters, openAdapter } from '../support/adapter.ts'
import { runKernel } from '../support/kernel.ts'
import {
  expectClose,
  normals,
  padRows,
  padTo16,
  TOLERANCE,
  unpadRows,
  withTrailingColumns,
} from '../support/numbers.ts'
import { allTiles, chosenTiles, emulatedMatrixTiles, tiledImports } from '../support/tiles.ts'
import {
  kUnrollModules,
  type PackedMatrix,
  packMatrix,
  randomMatrix,
  WEIGHT_FORMATS,
} from '../support/weights.ts'

const EPSILON = 1e-3 // large enough to matter
const BLOCKS = { rows: 32, cols: 48 } // small, so that small matrices have several, some of them partial

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
    {
      rows = 1,
      by = device.capabilities.variants.matvec,
      before,
      weights = matrix.imports.weights,
      kUnroll = 'shared/k_unroll_pair',
      norm,
      xStride = padTo16(matrix.cols),
    }: {
      rows?: number
      by?: Variants['matvec']
      before?: Float32Array
      weights?: string
      kUnroll?: string
      norm?: Float32Array
      xStride?: number
    } = {},
  ) => {
    const { tokens, constants, data } = shared(x, matrix, before)
    const tiling = rowTilingOf({ matvec: by })
    const { y } = await runKernel(device, {
      kernel: linearDecode,
      constants: { ...constants, X_STRIDE: xStride, EPSILON, ...tiling.constants },
      imports: {
        weights,
        rows: `shared/rows_${rows}`,
        prologue: norm ? 'shared/prologue_rmsnorm' : 'shared/prologue_plain',
        rowTiling: tiling.module,
        kUnroll,
      },
      grid: [Math.ceil(matrix.rows / tiling.rows)],
      step: { tokens },
      data: {
        ...data,
        x: withTrailingColumns(x, matrix.cols, xStride),
        norm: norm ? padRows(norm, matrix.cols) : new Float32Array(4),
      },
    })
    return unpadRows(y, matrix.rows)
  }

  const prefill = async (
    x: Float32Array,
    matrix: PackedMatrix,
    tiles: MatmulTiles,
    before?: Float32Array,
  ) => {
    const { tokens, constants, data } = shared(x, matrix, before)
    const { y } = await runKernel(device, {
      kernel: linearPrefill,
      constants,
      imports: tiledImports(matrix, tiles),
      grid: [Math.ceil(matrix.rows / tiles.outs), Math.ceil(tokens / tiles.rows)],
      step: { tokens },
      data,
    })
    return unpadRows(y, matrix.rows)
  }

  const f64 = (x: Float32Array) => Float64Array.from(x)

  for (const format of WEIGHT_FORMATS) {
    it(`${format}: odd sizes, decode and prefill`, async () => {
      const matrix = randomMatrix([509, 138], format, 1, BLOCKS)
      const x = normals(35 * 138, 2)
      const expected = linear_prefill(f64(x), matrix.values, 138)
      const [tiles, tolerance] = chosenTiles(device.capabilities)
      expectClose(await prefill(x, matrix, tiles), expected, tolerance)
      for (const weights of weightModules(format)) {
        const y = await decode(x.slice(0, 138), matrix, { weights })
        expectClose(y, expected.slice(0, 509), TOLERANCE.f32)
      }
      const blocks = { rows: 32, cols: 64 }
      const wide = randomMatrix([509, 138], format, 1, blocks)
      const wantedWide = linear_prefill(f64(x.slice(0, 138)), wide.values, 138)
      for (const kUnroll of kUnrollModules(format)) {
        expectClose(await decode(x.slice(0, 138), wide, { kUnroll }), wantedWide, TOLERANCE.f32)
      }
    })
  }

  for (const [format, dtype, cols] of [
    ['a4', 'BF16', 32],
    ['a4', 'F16', 128],
    ['a8', 'F16', 32],
    ['a8', 'F32', 64],
    ['a4', 'F32', 32],
  ] as const) {
    it(`${format}: ${dtype} scales and offsets of ${cols} columns`, async () => {
      const matrix = randomMatrix([67, 138], format, 1, { rows: 1, cols, dtype })
      const x = normals(35 * 138, 2)
      const expected = linear_prefill(f64(x), matrix.values, 138)
      for (const kUnroll of kUnrollModules(format)) {
        expectClose(await decode(x.slice(0, 138), matrix, { kUnroll }), expected.slice(0, 67), TOLERANCE.f32)
      }
      const [tiles, tolerance] = chosenTiles(device.capabilities)
      expectClose(await prefill(x, matrix, tiles), expected, tolerance)
    })
  }

  it('decode computes no row beyond those of its module, whatever the step', async () => {
    const matrix = randomMatrix([64, 138], 'bf16', 1, BLOCKS)
    const x = normals(3 * 138, 2)
    const y = await decode(x, matrix, { rows: 1 })
    expectClose(y.subarray(0, 64), linear_prefill(f64(x.slice(0, 138)), matrix.values, 138), TOLERANCE.f32)
    expect(y.subarray(64)).toEqual(new Float64Array(2 * 64))
  })

  it('every kind of tile that the device can run', async () => {
    for (const format of ['fp8_block', 'a4'] as const) {
      const matrix = randomMatrix([67, 138], format, 1, BLOCKS)
      const x = normals(35 * 138, 2)
      const expected = linear_prefill(f64(x), matrix.values, 138)
      for (const [tiles, tolerance] of allTiles(device.capabilities)) {
        expectClose(await prefill(x, matrix, tiles), expected, tolerance)
      }
    }
  })

  it('subgroup matrices of every shape, emulated: odd numbers of chunks, a single number', async () => {
    for (const [tiles, tolerance] of emulatedMatrixTiles(device.capabilities)) {
      for (const [rows, cols, tokens, format = 'fp8_block'] of [
        [67, 138, 1],
        [67, 138, 31],
        [67, 138, 65],
        [1, 1, 1],
        [67, 138, 35, 'a8'],
      ] as const) {
        const matrix = randomMatrix([rows, cols], format, rows, { rows: 16, cols: 32 })
        const x = normals(tokens * cols, 2)
        const before = normals(tokens * rows, 3)
        const expected = linear_prefill(f64(x), matrix.values, cols).map((y, i) => y + (before[i] ?? 0))
        expectClose(await prefill(x, matrix, tiles, before), expected, tolerance)
      }
    }
  })

  it('accumulates into y: a single number, and one more than a tile', async () => {
    for (const [size, tokens] of [
      [1, 1],
      [33, 33],
    ] as const) {
      const matrix = randomMatrix([size, size], 'fp8_block', size)
      const x = normals(tokens * size, size)
      const before = normals(tokens * size, 9)
      const expected = linear_prefill(f64(x), matrix.values, size).map((value, i) => value + (before[i] ?? 0))
      const [tiles, tolerance] = chosenTiles(device.capabilities)
      expectClose(await prefill(x, matrix, tiles, before), expected, tolerance)
      const first = await decode(x.slice(0, size), matrix, { before: before.slice(0, size) })
      expectClose(first, expected.slice(0, size), TOLERANCE.f32)
    }
  })

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

  const matvecVariant = (name: Variants['matvec'] | 'own') =>
    name === 'own' ? device.capabilities.variants.matvec : name

  for (const [rows, by] of [
    [1, 'lanes32'],
    [2, 'lanes8'],
    [4, 'single'],
    [8, 'own'],
  ] as const) {
    it(`decode of up to ${rows} rows with ${by}`, async () => {
      const matrix = randomMatrix([67, 138], 'fp8_block', rows, BLOCKS)
      for (const tokens of new Set([rows, Math.ceil(rows / 2), 1])) {
        const x = normals(tokens * 138, tokens)
        const expected = linear_decode(f64(x), matrix.values, 138)
        expectClose(await decode(x, matrix, { rows, by: matvecVariant(by) }), expected, TOLERANCE.f32)
      }
    })
  }

  // An odd number of chunks, the last one partial; whole rows, or the first columns of wider rows.
  for (const [rows, by, cols, xStride] of [
    [1, 'own', 138, 144],
    [1, 'own', 256, 256],
    [1, 'lanes8', 138, 192],
    [2, 'own', 138, 192],
  ] as const) {
    it(`decode of up to ${rows} normalised rows, ${cols} of ${xStride} columns, with ${by}`, async () => {
      const matrix = randomMatrix([67, cols], 'q8', rows, BLOCKS)
      const norm = normals(cols, 3)
      const x = normals(rows * cols, 5, 0.1)
      const normed = rms_norm(f64(x), f64(norm), EPSILON)
      const expected = linear_decode(normed, matrix.values, cols)
      const y = await decode(x, matrix, { rows, by: matvecVariant(by), norm, xStride })
      expectClose(y, expected, TOLERANCE.f32)
    })
  }
})
