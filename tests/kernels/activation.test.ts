// Tests of the SwiGLU kernel against its f64 reference.
import { afterAll, beforeAll, it } from 'vitest'
import type { Device } from '../../src/gpu/device.ts'
import { swiglu as swigluKernel } from '../../src/kernels/activation.ts'
import { swiglu } from '../../src/reference/activation.ts'
import { describeOnAdapters, openAdapter } from '../support/adapter.ts'
import { runKernel } from '../support/kernel.ts'
import { expectClose, normals, padRows, TOLERANCE, unpadRows } from '../support/numbers.ts'

describeOnAdapters('swiglu', (adapter) => {
  let device: Device
  beforeAll(async () => {
    device = await openAdapter(adapter)
  })
  afterAll(() => device.destroy())

  const check = async (x: Float32Array, inner: number, up: number, stride: number) => {
    const tokens = x.length / stride
    const { y } = await runKernel(device, {
      kernel: swigluKernel,
      constants: { INTERMEDIATE: inner, UP: up, X_STRIDE: stride, WORKGROUP: 64 },
      grid: [Math.ceil(inner / 64), tokens],
      step: { tokens },
      data: { x, y: padRows(new Float32Array(tokens * inner), inner) },
    })
    const expected = swiglu(Float64Array.from(x), stride, up, inner)
    expectClose(unpadRows(y, inner), expected, TOLERANCE.f32)
  }

  for (const [inner, up] of [
    [1, 1],
    [138, 144],
    [64, 64],
  ] as const) {
    it(`${inner} columns, up at ${up}`, async () => {
      const stride = Math.ceil((up + inner) / 16) * 16
      await check(normals(3 * stride, inner, 3), inner, up, stride)
    })
  }

  it('stays finite for huge gates', async () => {
    const ups = new Array<number>(8).fill(2)
    await check(Float32Array.of(200, -200, 90, -90, -1e30, 0, -0, 5, ...ups), 8, 8, 16)
    await check(Float32Array.of(1e30, -1e38, 1e4, 0, 0, 0, 0, 0, ...ups), 8, 8, 16)
  })
})
