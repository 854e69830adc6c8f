// Answers: does decoding cost what was promised, on any machine? Dispatches, read-backs, allocations and bytes, counted and not timed.
import { setImmediate } from 'node:timers/promises'
import { afterAll, beforeAll, expect, it, vi } from 'vitest'
import type { Engine } from '../../src/engine/engine.ts'
import { PAGE_TOKENS } from '../../src/engine/kv-cache.ts'
import { DEPTH } from '../../src/engine/runtime.ts'
import { adapters, describeOnAdapters } from '../support/adapter.ts'
import { answer, GREEDY, LANTERNFISH, openModel } from '../support/model.ts'

const MIXTURE_LAYERS = 3
const RECORD = 128 + 16
const LAYERS = 4
const PROMPT_SUBMITS = 1 // a prompt that fits a chunk
const request = {
  input: { messages: [{ role: 'user' as const, content: 'What is 347 + 586?' }] },
  sampling: GREEDY,
  maxTokens: 100,
}

describeOnAdapters(
  'efficiency',
  (adapter) => {
    let engine: Engine
    beforeAll(async () => {
      engine = await openModel(LANTERNFISH, adapter)
    })
    afterAll(() => engine.destroy())

    it('takes at most 10 dispatches a layer and one read-back a token', async () => {
      const { done } = await answer(engine, request)
      const [perLayer, dense, around] = [10, 9, 4] // around: embedding, head, and the two of sampling
      expect(done.dispatchesPerToken).toBeLessThanOrEqual(MIXTURE_LAYERS * perLayer + dense + around)
      expect(done.dispatchesPerToken).toBeGreaterThan(LAYERS)
      expect(done.readbacksPerToken).toBeLessThanOrEqual(1)
    })

    it('keeps steps ahead of the read-back, each one submission', async () => {
      await answer(engine, request) // the cache has grown
      const submit = vi.spyOn(engine.device.gpu.queue, 'submit')
      const ahead: number[] = []
      for await (const event of engine.generate({ ...request, maxTokens: 20 })) {
        if (event.type === 'delta') ahead.push(submit.mock.calls.length - (PROMPT_SUBMITS + ahead.length))
      }
      expect(ahead).toHaveLength(20)
      expect(ahead.map((steps, token) => Math.min(DEPTH, 20 - token) - steps)).toEqual(Array(20).fill(0))
      expect(submit).toHaveBeenCalledTimes(PROMPT_SUBMITS + 20)
      submit.mockRestore()
    })

    it('has a chunk of a prompt queued while another runs, and stops after those', async () => {
      const small = await openModel(LANTERNFISH, adapter, { chunk: 16 })
      const { queue } = small.device.gpu
      const submit = vi.spyOn(queue, 'submit')
      const wait = queue.onSubmittedWorkDone.bind(queue)
      const stop = new AbortController()
      const underWay: number[] = []
      let [done, stopAfter] = [0, 0]
      let before: Promise<unknown> = Promise.resolve()
      vi.spyOn(queue, 'onSubmittedWorkDone').mockImplementation(() => {
        const own = submit.mock.calls.length
        underWay.push(own - done)
        const waited = before.then(wait).then(async () => {
          await setImmediate() // one after the other, however quick the GPU is
          done = own
          if (own === stopAfter) stop.abort()
          return undefined
        })
        before = waited
        return waited
      })
      const ask = (first: number) => {
        const ids = Array.from({ length: 16 * 9 }, (_, i) => first + i)
        submit.mockClear()
        underWay.length = done = 0
        return answer(small, { input: { ids }, sampling: GREEDY, maxTokens: 1 }, stop.signal)
      }
      await ask(5) // the cache grows
      await ask(6)
      expect(underWay.slice(0, 9)).toEqual([1, ...Array(8).fill(2)])
      expect(submit).toHaveBeenCalledTimes(9 + 1)
      stopAfter = 4
      expect((await ask(7)).done).toMatchObject({ finishReason: 'abort', tokens: 0 })
      expect(submit.mock.calls.length).toBeLessThanOrEqual(stopAfter + 1)
      small.destroy()
    })

    it('makes no buffer and no bind group while decoding', async () => {
      const { gpu } = engine.device
      const makers = [
        vi.spyOn(gpu, 'createBuffer'),
        vi.spyOn(gpu, 'createBindGroup'),
        vi.spyOn(gpu, 'createComputePipelineAsync'),
      ]
      let tokens = 0
      for await (const event of engine.generate(request)) {
        // The first token ends the preparation, in which the cache may have grown.
        if (event.type === 'delta' && tokens++ === 0) for (const maker of makers) maker.mockClear()
      }
      expect(tokens).toBeGreaterThan(20)
      for (const maker of makers) expect(maker).not.toHaveBeenCalled()
      for (const maker of makers) maker.mockRestore()
    })

    it('compiles log-probabilities when they are first asked for, and then no more', async () => {
      const compile = vi.spyOn(engine.device.gpu, 'createComputePipelineAsync')
      const compiled = () => compile.mock.calls.map(([{ label }]) => label)
      await answer(engine, request)
      expect(compiled()).toEqual([])
      await answer(engine, { ...request, logprobs: 2 })
      expect(compiled()).toEqual(['top_logprobs'])
      await answer(engine, { ...request, logprobs: 2 })
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
      await answer(fresh, request)
      const made = [...live.values()].reduce((sum, bytes) => sum + bytes, 0)
      const replaced = LAYERS * PAGE_TOKENS * RECORD * 2 // the first page of each layer gave way to the grown cache
      expect(fresh.gpuBytes().total).toBe(before + made - replaced)
      fresh.destroy()
    })

    it('keeps layers × (latent + rope) × 2 bytes a token, in whole pages', async () => {
      const { done } = await answer(engine, request)
      const pages = Math.ceil(done.kv.tokens / PAGE_TOKENS)
      expect(done.kv.bytes).toBe(pages * PAGE_TOKENS * LAYERS * RECORD * 2)
      expect(done.kv.standardBytes).toBe(pages * PAGE_TOKENS * LAYERS * 8 * (32 + 16 + 32) * 2)
      const allocated = engine.gpuBytes().kv_cache ?? 0
      expect(allocated % (PAGE_TOKENS * LAYERS * RECORD * 2)).toBe(0)
    })
  },
  adapters.slice(0, 1),
)
