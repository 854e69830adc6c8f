// Tests of the embedding kernel against its f64 reference.
import { afterAll, beforeAll, expect, it } from 'vitest'
import type { Device } from '../../src/gpu/device.ts'
import { embed as embedKernel } from '../../src/kernels/embed.ts'
import { embed } from '../../src/reference/embed.ts'
import { describeOnAdapters, openAdapter } from '../support/adapter.ts'
import { runKernel } from '../support/kernel.ts'
import { expectClose, padRows, unpadRows } from '../support/numbers.ts'
import { type PackedMatrix, packMatrix, randomMatrix, WEIGHT_FORMATS } from '../support/weights.ts'

describeOnAdapters('embed', (adapter) => {
  let device: Device
  beforeAll(async () => {
    device = await openAdapter(adapter)
  })
  afterAll(() => device.destroy())

  const run = async (ids: number[], table: PackedMatrix, first: number, before: Float32Array, factor = 1) => {
    const { x } = await runKernel(device, {
      kernel: embedKernel,
      constants: {
        ...table.constants,
        HIDDEN: table.cols,
        FIRST: first,
        COUNT: table.rows,
        FACTOR: factor,
        WORKGROUP: 64,
      },
      imports: table.imports,
      grid: [Math.ceil(table.cols / 16 / 64), ids.length],
      step: { tokens: ids.length },
      data: { ids: Uint32Array.from(ids), weights: table.words, x: padRows(before, table.cols) },
    })
    return unpadRows(x, table.cols)
  }

  for (const format of WEIGHT_FORMATS) {
    it(`${format}: rows by id, one of them twice`, async () => {
      const table = randomMatrix([37, 138], format, 1, { rows: 16, cols: 32 })
      const ids = [36, 0, 17, 17, 5]
      const actual = await run(ids, table, 0, new Float32Array(5 * 138))
      expectClose(actual, embed(ids, table.values, 138), 1e-7)
    })
  }

  it('multiplies by FACTOR', async () => {
    const table = randomMatrix([5, 33], 'q8', 4)
    const actual = await run([4, 1], table, 0, new Float32Array(2 * 33), 12)
    expectClose(actual, embed([4, 1], table.values, 33, 12), 1e-6)
  })

  it('one column', async () => {
    const table = randomMatrix([3, 1], 'bf16', 2)
    expect(await run([2, 1], table, 0, new Float32Array(2))).toEqual(embed([2, 1], table.values, 1))
  })

  it('a part of a split matrix writes its own tokens and leaves the others alone', async () => {
    const whole = randomMatrix([20, 24], 'f32', 3)
    const part = packMatrix(whole.values.slice(8 * 24, 13 * 24), 24, 'f32')
    const ids = [7, 8, 12, 13, 0, 4_000_000_000]
    const before = new Float32Array(ids.length * 24).fill(0.25)
    const expected = embed([7, 8, 12, 13, 0, 0], whole.values, 24)
    for (const token of [0, 3, 4, 5]) expected.fill(0.25, token * 24, token * 24 + 24)
    expect(await run(ids, part, 8, before)).toEqual(expected)
  })
})
