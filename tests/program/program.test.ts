// Tests of Program: a dispatch grid beyond WebGPU's limit is an error; WebGPU itself would skip it silently.
import sources from 'virtual:shaders'
import { expect, it } from 'vitest'
import { PipelineCache } from '../../src/gpu/kernel.ts'
import { rmsNorm } from '../../src/kernels/norm.ts'
import { PLAIN_STEP, STEP_BYTES } from '../../src/kernels/step.ts'
import { Graph } from '../../src/program/graph.ts'
import { DispatchProgram } from '../../src/program/program.ts'
import { TempBuffers } from '../../src/program/temp-buffers.ts'
import { ADAPTERS, describeOnAdapters, openAdapter } from '../support/adapter.ts'

describeOnAdapters(
  'a program',
  (adapter) => {
    it('accepts the widest grid that WebGPU guarantees, and refuses a wider one with a hint', async () => {
      const device = await openAdapter(adapter)
      const buffers = new TempBuffers(device)
      const [step, blocks] = [buffers.zeros(STEP_BYTES / 4, 'uniform'), buffers.zeros(4, 'uniform')]
      const graph = new Graph()
      let width = 65_535
      graph.dispatch(rmsNorm, {
        constants: { HIDDEN: 16, X_STRIDE: 16, EPSILON: 1e-6, LAST: true, WORKGROUP: 64 },
        imports: { reduce: 'shared/reduce' },
        operands: { x: buffers.zeros(16), weight: buffers.zeros(16), y: buffers.zeros(16) },
        grid: () => [width],
      })
      const uniforms = { step: step.buffer(), blocks: blocks.buffer() }
      const program = new DispatchProgram(device, new PipelineCache(device, sources), uniforms, graph)
      await program.compile()
      const encode = () => program.encode(device.gpu.createCommandEncoder(), PLAIN_STEP)
      expect(encode()).toBe(1)
      width = 65_536
      expect(encode).toThrow(/grid of rms_norm is too large: 65536 workgroups.* 65535 per dimension/)
      expect(encode).toThrow(
        expect.objectContaining({ code: 'internal', hint: expect.stringMatching(/report/) }),
      )
      device.destroy()
    })
  },
  ADAPTERS.slice(0, 1),
)
