// Tests of the linear kernels against their f64 references: formats, tiles, precisions, row tilings.
import { afterAll, beforeAll, expect, it } from 'vitest'
import type { Device } from '../../src/gpu/device.ts'
import { weightModules } from '../../src/gpu/formats.ts'
import type { Variants } from '../../src/gpu/variants.ts'
import { linear_decode, linear_prefill } from '../../src/reference/linear.ts'
import { rms_norm } from '../../src/reference/norm.ts'
import { describeOnAdapters, openAdapter } from '../support/adapter.ts'
import { LINEAR_EPSILON, linearKernels } from '../support/linear.ts'
import { expectClose, normals, TOLERANCE } from '../support/numbers.ts'
import { allTiles, chosenTiles, emulatedMatrixTiles } from '../support/tiles.ts'
import { kUnrollModules, randomMatrix, WEIGHT_FORMATS } from '../support/weights.ts'

const BLOCKS = { rows: 32, cols: 48 } // small, so that small matrices have several, some of them partial

describeOnAdapters('linear', (adapter) => {
  let device: Device
  beforeAll(async () => {
    device = await openAdapter(adapter)
  })
  afterAll(() => device.destroy())

  const { decode, prefill } = linearKernels(() => device)
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
      const normed = rms_norm(f64(x), f64(norm), LINEAR_EPSILON)
      const expected = linear_decode(normed, matrix.values, cols)
      const y = await decode(x, matrix, { rows, by: matvecVariant(by), norm, xStride })
      expectClose(y, expected, TOLERANCE.f32)
    })
  }
})
