// Tests of the RMSNorm kernel against its f64 reference.
import { afterAll, beforeAll, expect, it } from 'vitest'
import type { Device } from '../../src/gpu/device.ts'
import { rmsNorm } from '../../src/kernels/norm.ts'
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

describeOnAdapters('rms_norm', (adapter) => {
  let device: Device
  beforeAll(async () => {
    device = await openAdapter(adapter)
  })
  afterAll(() => device.destroy())

  const run = async (
    x: Float32Array,
    weight: Float32Array,
    reduce: string,
    { last = 0, stride = padTo16(weight.length), factor = 1 } = {},
  ) => {
    const rows = last ? 1 : x.length / weight.length
    const result = await runKernel(device, {
      kernel: rmsNorm,
      constants: {
        HIDDEN: weight.length,
        X_STRIDE: stride,
        EPSILON: 1e-6,
        FACTOR: factor,
        LAST: last,
        WORKGROUP: 64,
      },
      imports: { reduce },
      grid: [rows],
      step: { tokens: x.length / weight.length },
      data: {
        x: withTrailingColumns(x, weight.length, stride),
        weight: padRows(weight, weight.length),
        y: padRows(new Float32Array(rows * weight.length), weight.length),
      },
    })
    return unpadRows(result.y, weight.length)
  }

  for (const hidden of [1, 63, 64, 65, 138, 1024]) {
    it(`${hidden} columns, with and without subgroups`, async () => {
      const x = normals(3 * hidden, hidden, 10)
      const weight = normals(hidden, 7)
      const expected = rms_norm(Float64Array.from(x), Float64Array.from(weight), 1e-6)
      expectClose(await run(x, weight, 'shared/reduce'), expected, TOLERANCE.f32)
      if (device.capabilities.subgroups)
        expectClose(await run(x, weight, 'shared/reduce_subgroup'), expected, TOLERANCE.f32)
    })
  }

  it('multiplies by FACTOR', async () => {
    const [x, weight] = [normals(2 * 48, 5), normals(48, 6)]
    const expected = rms_norm(Float64Array.from(x), Float64Array.from(weight), 1e-6, 0.1)
    expectClose(await run(x, weight, 'shared/reduce', { factor: 0.1 }), expected, TOLERANCE.f32)
  })

  it('normalises only the last row with LAST', async () => {
    const x = normals(5 * 48, 3)
    const weight = normals(48, 4)
    const expected = rms_norm(Float64Array.from(x), Float64Array.from(weight), 1e-6).slice(4 * 48)
    expectClose(await run(x, weight, 'shared/reduce', { last: 1 }), expected, TOLERANCE.f32)
  })

  it('reads only the first columns of wider rows', async () => {
    const x = normals(3 * 138, 3)
    const weight = normals(138, 4)
    const expected = rms_norm(Float64Array.from(x), Float64Array.from(weight), 1e-6)
    expectClose(await run(x, weight, 'shared/reduce', { stride: 192 }), expected, TOLERANCE.f32)
  })

  it('keeps zeros zero and huge values finite', async () => {
    const weight = new Float32Array(64).fill(1)
    expect([...(await run(new Float32Array(64), weight, 'shared/reduce'))]).toEqual(new Array(64).fill(0))
    const huge = new Float32Array(64).fill(1e18)
    expectClose(await run(huge, weight, 'shared/reduce'), new Float64Array(64).fill(1), TOLERANCE.f32)
  })
})
