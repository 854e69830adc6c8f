// Tests of tuning the prefill chunk: every chunk size that fits is measured, no other, and no buffer is left.
import { join } from 'node:path'
import sources from 'virtual:shaders'
import { expect, it } from 'vitest'
import { prepareLayer, recordPrefillStep } from '../../src/bench/prefill-layer.ts'
import type { TunedDecision } from '../../src/bench/tune.ts'
import { tuneChunk } from '../../src/bench/tune-chunk.ts'
import { openFolder } from '../../src/cli/node-source.ts'
import { estimateQuantization } from '../../src/engine/load/choose-quantization.ts'
import { specFromConfig, toLoadTarget } from '../../src/engine/load/plan.ts'
import { openConfigured } from '../../src/engine/load/user-config.ts'
import { openDevice } from '../../src/gpu/device.ts'
import { PipelineCache } from '../../src/gpu/kernel.ts'
import { PLAIN_STEP, STEP_BYTES, writeStep } from '../../src/kernels/step.ts'
import { Graph } from '../../src/program/graph.ts'
import { DispatchProgram } from '../../src/program/program.ts'
import { TempBuffers } from '../../src/program/temp-buffers.ts'
import { ADAPTERS, describeOnAdapters } from '../support/adapter.ts'
import { FIXTURES } from '../support/model.ts'
import { watchGpu } from '../support/watched-gpu.ts'

describeOnAdapters(
  'tuning the prefill chunk',
  (adapter) => {
    /** @param budgetBytes memory that the GPU grants @param contextLength context of the model */
    const open = async (name: string, contextLength = 4096, budgetBytes = Number.POSITIVE_INFINITY) => {
      const { gpu } = await watchGpu(adapter, budgetBytes)
      const device = await openDevice(gpu, adapter.options)
      const source = openFolder(join(FIXTURES, name))
      const checkpoint = await openConfigured(source, {})
      const { capabilities } = device
      const subject = toLoadTarget(specFromConfig(checkpoint), checkpoint, capabilities, {
        contextLength,
      })
      const { plan } = estimateQuantization(subject, 'none')
      const model = { spec: subject.spec, plan, options: subject.options }
      const bench = { device, pipelines: new PipelineCache(device, sources), clock: undefined }
      return { bench, capabilities, device, model, close: () => source.close() }
    }
    const tuned = async (...args: Parameters<typeof open>) => {
      const { bench, capabilities, device, model, close } = await open(...args)
      const rows: TunedDecision[] = []
      const winner = await tuneChunk(bench, [model, model], capabilities, {
        repetitions: 1,
        onDecision: (row) => rows.push(row),
      })
      expect(device.arena.bytes().total).toBe(0)
      device.destroy()
      await close()
      return { winner, rows }
    }

    it.each(['deepseek_v3-fp8-tiny', 'qwen2-bf16'])('measures every chunk size: %s', async (name) => {
      const { winner, rows } = await tuned(name)
      expect(rows).toMatchObject([{ decision: 'prefillChunk', before: 256, winner }])
      const [row] = rows
      expect(row?.variants.map(({ variant }) => variant)).toEqual([256, 64, 128, 512])
      expect(row?.variants[0]).toMatchObject({ time: 1, passed: true })
      expect(row?.variants.every(({ time }) => time > 0)).toBe(true)
    })

    it('skips chunks longer than the context', async () => {
      const { rows } = await tuned('qwen2-bf16', 300)
      expect(rows[0]?.variants.map(({ variant }) => variant)).toEqual([256, 64, 128])
      expect(await tuned('qwen2-bf16', 200)).toEqual({ winner: 256, rows: [] })
    })

    it('keeps the default if the GPU refuses the memory', async () => {
      expect(await tuned('deepseek_v3-fp8-tiny', 4096, 1)).toEqual({ winner: 256, rows: [] })
    })

    it('routes rows to all experts of the layer', async () => {
      const { bench, capabilities, device, model, close } = await open('deepseek_v3-fp8-tiny')
      const buffers = new TempBuffers(device)
      const step = { ...PLAIN_STEP, tokens: 64, position: 0 }
      const layer = prepareLayer(buffers, model, capabilities, 64)
      const dispatches = recordPrefillStep(buffers, layer, step)
      const found = dispatches.find(({ kernel }) => kernel.name === 'route')
      const [mixture] = layer.spec.layers
      if (!found || mixture?.kind !== 'mixture') throw new Error('the fixture has experts')
      const route = buffers.zeros(64 * mixture.expertsPerToken * 2)
      const graph = new Graph()
      graph.append([{ ...found, operands: { ...found.operands, route } }])
      const uniform = buffers.zeros(STEP_BYTES / 4, 'uniform')
      const words = new ArrayBuffer(STEP_BYTES)
      writeStep(step, new DataView(words))
      device.gpu.queue.writeBuffer(uniform.buffer(), 0, words)
      const uniforms = { step: uniform.buffer(), blocks: uniform.buffer() }
      const program = new DispatchProgram(device, bench.pipelines, uniforms, graph)
      await program.compile()
      const encoder = device.gpu.createCommandEncoder()
      program.encode(encoder, step)
      device.gpu.queue.submit([encoder.finish()])
      const chosen = new Uint32Array((await buffers.read(route, 64 * mixture.expertsPerToken * 2)).buffer)
      expect(new Set(chosen.filter((_, i) => i % 2 === 0)).size).toBe(mixture.experts)
      device.destroy()
      await close()
    })

    it('stops on abort', async () => {
      const { bench, capabilities, device, model, close } = await open('qwen2-bf16')
      const signal = AbortSignal.abort()
      await expect(tuneChunk(bench, [model], capabilities, { signal })).rejects.toMatchObject({
        code: 'aborted',
      })
      device.destroy()
      await close()
    })
  },
  ADAPTERS.slice(0, 1),
)
