// Tests of the RMSNorm kernels against their f64 references.
import { afterAll, beforeAll, expect, it } from 'vitest'
import type { Device } from '../../src/gpu/device.ts'
import { rmsNorm, rmsNormPair } from '../../src/kernels/norm.ts'
import { rms_norm, rms_norm_pair } from '../../src/reference/norm.ts'
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

describeOnAdapters('rms_norm_pair', (adapter) => {
  let device: Device
  beforeAll(async () => {
    device = await openAdapter(adapter)
  })
  afterAll(() => device.destroy())

  it.each([1, 74, 88, 256])('puts two normed inputs of %d columns side by side', async (hidden) => {
    const [x, other] = [normals(3 * hidden, 1, 10), normals(3 * hidden, 2)]
    const [weight, otherWeight] = [normals(hidden, 3), normals(hidden, 4)]
    const expected = rms_norm_pair(
      { x: Float64Array.from(x), weight: Float64Array.from(weight) },
      { x: Float64Array.from(other), weight: Float64Array.from(otherWeight) },
      1e-5,
    )
    for (const reduce of [
      'shared/reduce',
      ...(device.capabilities.subgroups ? ['shared/reduce_subgroup'] : []),
    ]) {
      const { y } = await runKernel(device, {
        kernel: rmsNormPair,
        constants: { HIDDEN: hidden, EPSILON: 1e-5, WORKGROUP: 64 },
        imports: { reduce },
        grid: [2, 3],
        step: { tokens: 3 },
        data: {
          first: padRows(x, hidden),
          first_weight: padRows(weight, hidden),
          second: padRows(other, hidden),
          second_weight: padRows(otherWeight, hidden),
          y: padRows(new Float32Array(6 * hidden), 2 * hidden),
        },
      })
      expectClose(unpadRows(y, 2 * hidden), expected, TOLERANCE.f32)
    }
  })
})
