// Tests of the ceiling kernels against their f64 references.
import { afterAll, beforeAll, expect, it } from 'vitest'
import { randomMatrix, readRows } from '../../src/bench/kernels/random-matrix.ts'
import type { Device } from '../../src/gpu/device.ts'
import { blockConstants } from '../../src/gpu/matrix.ts'
import { matmulCeiling, matvecCeiling, streamRead } from '../../src/kernels/bench.ts'
import { matmul_ceiling, matvec_ceiling, stream_read } from '../../src/reference/bench.ts'
import { describeOnAdapters, openAdapter } from '../support/adapter.ts'
import { runKernel } from '../support/kernel.ts'
import { expectClose, normals, TOLERANCE } from '../support/numbers.ts'
import { WEIGHT_FORMATS } from '../support/weights.ts'

describeOnAdapters('ceilings', (adapter) => {
  let device: Device
  beforeAll(async () => {
    device = await openAdapter(adapter)
  })
  afterAll(() => device.destroy())

  for (const format of WEIGHT_FORMATS) {
    it(`matvec_ceiling reads every weight once: random ${format} codes`, async () => {
      const { layout, part, words } = randomMatrix(format, [37], 160, 3)
      const x = normals(16, 1)
      const lanes = 2
      const expected = matvec_ceiling(
        Float64Array.from(x),
        readRows({ layout, part, words }, 0, 37),
        160,
        lanes,
      )
      for (const order of ['rows', 'columns']) {
        const { sums } = await runKernel(device, {
          kernel: matvecCeiling,
          constants: {
            IN: 160,
            OUT: 37,
            LANES: lanes,
            ROWS_PER_INVOCATION: 3,
            STRIDE: layout.stride,
            SCALES: part.scales,
            SCALE_STRIDE: layout.scaleStride,
            ...blockConstants(layout),
            WORKGROUP: 16,
          },
          imports: { weights: `weights/${format}`, loopOrder: `bench/loop_order_${order}` },
          grid: [2],
          data: { x, weights: words, sums: new Float32Array(37 * lanes) },
        })
        expectClose(sums, expected, TOLERANCE.f32)
      }
    })
  }

  it('stream_read reads every word, contiguous and interleaved', async () => {
    const words = randomMatrix('f32', [1], 4 * 96, 3).words
    for (const [CONTIGUOUS, ownerOf] of [
      [1, (i: number) => Math.floor(i / 5)],
      [0, (i: number) => Math.floor(i / 40) * 8 + (i % 8)],
    ] as const) {
      const { sums } = await runKernel(device, {
        kernel: streamRead,
        constants: { COUNT: 96, VEC4S_PER_INVOCATION: 5, CONTIGUOUS, WORKGROUP: 8 },
        grid: [3],
        data: { words, sums: new Uint32Array(24) },
      })
      expect(sums).toEqual(stream_read(words, 24, ownerOf))
    }
  })

  it('matmul_ceiling: 4 and 8 rows at a time', async () => {
    const [x, weights] = [normals(8 * 36, 1), normals(20 * 36, 2)]
    for (const ROWS of [4, 8]) {
      const { y } = await runKernel(device, {
        kernel: matmulCeiling,
        constants: { IN: 36, OUT: 20, ROWS, WORKGROUP: 4 },
        grid: [2, 8 / ROWS],
        step: { tokens: 8 },
        data: { x, weights, y: new Float32Array(8 * 20) },
      })
      expectClose(y, matmul_ceiling(Float64Array.from(x), Float64Array.from(weights), 36), TOLERANCE.f32)
    }
  })
})
