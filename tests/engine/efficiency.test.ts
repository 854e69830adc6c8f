// Tests of decoding costs that hold on any machine: dispatches, read-backs, allocations and bytes.
import { setImmediate } from 'node:timers/promises'
import { afterAll, beforeAll, expect, it, vi } from 'vitest'
import type { Engine } from '../../src/engine/engine.ts'
import { PAGE_TOKENS } from '../../src/engine/run/kv-cache.ts'
import { STEPS_IN_FLIGHT } from '../../src/engine/run/runtime.ts'
import { ADAPTERS, describeOnAdapters } from '../support/adapter.ts'
import { GREEDY, LANTERNFISH, openModel, runRequest } from '../support/model.ts'

const MOE_LAYERS = 3
const ENTRY = 128 + 16 // numbers of a KV entry
const LAYERS = 4
const PROMPT_SUBMITS = 1 // the prompt fits one chunk
const REQUEST = {
  input: { messages: [{ role: 'user' as const, content: 'What is 347 + 586?' }] },
  sampling: GREEDY,
  maxTokens: 100,
}

/** One submission for each chunk of a prompt, however slow this machine is. */
function runChunksWhole(engine: Engine): void {
  const { runtime, release } = engine.lease()
  runtime.parts.planner.aimMs = Number.POSITIVE_INFINITY
  release()
}

describeOnAdapters(
  'efficiency',
  (adapter) => {
    let engine: Engine
    beforeAll(async () => {
      engine = await openModel(LANTERNFISH, adapter)
      runChunksWhole(engine)
    })
    afterAll(() => engine.destroy())

    it('takes at most 10 dispatches a layer and one read-back a token', async () => {
      const { done } = await runRequest(engine, REQUEST)
      const [perLayer, dense, around] = [10, 9, 4] // around: embedding, head, two of sampling
      expect(done.dispatchesPerToken).toBeLessThanOrEqual(MOE_LAYERS * perLayer + dense + around)
      expect(done.dispatchesPerToken).toBeGreaterThan(LAYERS)
      expect(done.readbacksPerToken).toBeLessThanOrEqual(1)
    })

    it('submits steps ahead of the read-back, one submission each', async () => {
      const session = await engine.openSession()
      await runRequest(engine, REQUEST, undefined, session) // lets the cache grow
      const submit = vi.spyOn(engine.device.gpu.queue, 'submit')
      const ahead: number[] = []
      for await (const event of engine.generate({ ...REQUEST, maxTokens: 20 }, undefined, session)) {
        if (event.type === 'delta') ahead.push(submit.mock.calls.length - (PROMPT_SUBMITS + ahead.length))
      }
      expect(ahead).toHaveLength(20)
      expect(ahead.map((steps, token) => Math.min(STEPS_IN_FLIGHT, 20 - token) - steps)).toEqual(
        Array(20).fill(0),
      )
      expect(submit).toHaveBeenCalledTimes(PROMPT_SUBMITS + 20)
      submit.mockRestore()
      session.close()
    })

    it('queues one prefill chunk while another runs, and stops after those when aborted', async () => {
      const small = await openModel(LANTERNFISH, adapter, { prefillChunk: 16 })
      runChunksWhole(small)
      const { queue } = small.device.gpu
      const submit = vi.spyOn(queue, 'submit')
      const wait = queue.onSubmittedWorkDone.bind(queue)
      const stop = new AbortController()
      const inFlight: number[] = []
      let [done, stopAfter] = [0, 0]
      let before: Promise<unknown> = Promise.resolve()
      vi.spyOn(queue, 'onSubmittedWorkDone').mockImplementation(() => {
        const submitted = submit.mock.calls.length
        inFlight.push(submitted - done)
        const waited = before.then(wait).then(async () => {
          await setImmediate() // one after the other, however fast the GPU is
          done = submitted
          if (submitted === stopAfter) stop.abort()
          return undefined
        })
        before = waited
        return waited
      })
      const session = await small.openSession()
      const ask = (first: number) => {
        const ids = Array.from({ length: 16 * 9 }, (_, i) => first + i)
        submit.mockClear()
        inFlight.length = done = 0
        return runRequest(small, { input: { ids }, sampling: GREEDY, maxTokens: 1 }, stop.signal, session)
      }
      await ask(5) // lets the cache grow
      await ask(6)
      expect(inFlight.slice(0, 9)).toEqual([1, ...Array(8).fill(2)])
      expect(submit).toHaveBeenCalledTimes(9 + 1)
      stopAfter = 4
      expect((await ask(7)).done).toMatchObject({ finishReason: 'abort', tokens: 0 })
      expect(submit.mock.calls.length).toBeLessThanOrEqual(stopAfter + 1)
      small.destroy()
    })

    it('creates no buffer, bind group or pipeline while decoding', async () => {
      const { gpu } = engine.device
      const makers = [
        vi.spyOn(gpu, 'createBuffer'),
        vi.spyOn(gpu, 'createBindGroup'),
        vi.spyOn(gpu, 'createComputePipelineAsync'),
      ]
      let tokens = 0
      for await (const event of engine.generate(REQUEST)) {
        // Preparation ends with the first token; until then the cache may grow.
        if (event.type === 'delta' && tokens++ === 0) for (const maker of makers) maker.mockClear()
      }
      expect(tokens).toBeGreaterThan(20)
      for (const maker of makers) expect(maker).not.toHaveBeenCalled()
      for (const maker of makers) maker.mockRestore()
    })

    it('compiles log-probabilities on their first use only', async () => {
      const compile = vi.spyOn(engine.device.gpu, 'createComputePipelineAsync')
      const compiled = () => compile.mock.calls.map(([{ label }]) => label)
      await runRequest(engine, REQUEST)
      expect(compiled()).toEqual([])
      await runRequest(engine, { ...REQUEST, logprobs: 2 })
      expect(compiled()).toEqual(['top_logprobs'])
      await runRequest(engine, { ...REQUEST, logprobs: 2 })
      expect(compiled()).toEqual(['top_logprobs'])
      compile.mockRestore()
    })

    it('reports the bytes of all live buffers', async () => {
      const fresh = await openModel(LANTERNFISH, adapter)
      const { total = 0, ...purposes } = fresh.gpuBytes()
      expect(Object.values(purposes).reduce((sum, bytes) => sum + bytes, 0)).toBe(total)
      expect(Object.keys(purposes).sort()).toEqual([
        'activations',
        'experts',
        'kv_cache',
        'staging',
        'state',
        'weights',
      ])
      const live = new Map<GPUBuffer, number>()
      const { gpu } = fresh.device
      const create = gpu.createBuffer.bind(gpu)
      vi.spyOn(gpu, 'createBuffer').mockImplementation((descriptor) => {
        const buffer = create(descriptor)
        live.set(buffer, buffer.size)
        const destroy = buffer.destroy.bind(buffer)
        buffer.destroy = () => {
          live.delete(buffer)
          destroy()
        }
        return buffer
      })
      const before = total
      await runRequest(fresh, REQUEST)
      const liveBytes = [...live.values()].reduce((sum, bytes) => sum + bytes, 0)
      // The grown cache replaced the first page of each layer.
      const replaced = LAYERS * PAGE_TOKENS * ENTRY * 2
      expect(fresh.gpuBytes().total).toBe(before + liveBytes - replaced)
      fresh.destroy()
    })

    it('uses layers × (latent + rope) × 2 bytes per token, in whole pages', async () => {
      const { done } = await runRequest(engine, REQUEST)
      const pages = Math.ceil(done.kv.tokens / PAGE_TOKENS)
      expect(done.kv.bytes).toBe(pages * PAGE_TOKENS * LAYERS * ENTRY * 2)
      expect(done.kv.standardBytes).toBe(pages * PAGE_TOKENS * LAYERS * 8 * (32 + 16 + 32) * 2)
      const allocated = engine.gpuBytes().kv_cache ?? 0
      expect(allocated % (PAGE_TOKENS * LAYERS * ENTRY * 2)).toBe(0)
    })
  },
  ADAPTERS.slice(0, 1),
)
