// Answers: does a program refuse what WebGPU would leave out without a word?
import sources from 'virtual:shaders'
import { expect, it } from 'vitest'
import { PipelineCache } from '../../src/gpu/kernel.ts'
import { rmsNorm } from '../../src/kernels/norm.ts'
import { PLAIN_STEP, STEP_BYTES } from '../../src/kernels/step.ts'
import { Graph } from '../../src/program/graph.ts'
import { Program } from '../../src/program/program.ts'
import { Scratch } from '../../src/program/scratch.ts'
import { adapters, describeOnAdapters, openAdapter } from '../support/adapter.ts'

describeOnAdapters(
  'a program',
  (adapter) => {
    it('takes a grid as wide as WebGPU has it, and none that is wider', async () => {
      const device = await openAdapter(adapter)
      const room = new Scratch(device)
      const [step, blocks] = [room.empty(STEP_BYTES / 4, 'uniform'), room.empty(4, 'uniform')]
      const graph = new Graph()
      let width = 65_535
      graph.dispatch(rmsNorm, {
        constants: { HIDDEN: 16, X_STRIDE: 16, EPSILON: 1e-6, LAST: true, WORKGROUP: 64 },
        imports: { reduce: 'shared/reduce' },
        operands: { x: room.empty(16), weight: room.empty(16), y: room.empty(16) },
        grid: () => [width],
      })
      const uniforms = { step: step.buffer(), blocks: blocks.buffer() }
      const program = new Program(device, new PipelineCache(device, sources), uniforms, graph)
      await program.compile()
      const encode = () => program.encode(device.gpu.createCommandEncoder(), PLAIN_STEP)
      expect(encode()).toBe(1)
      width = 65_536
      expect(encode).toThrow(/the grid of rms_norm is too large/)
      device.destroy()
    })
  },
  adapters.slice(0, 1),
)
