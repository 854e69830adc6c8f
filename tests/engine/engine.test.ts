// Tests of answers: cache reuse, seeds, forks, stops, aborts, limits, log-probabilities and freed memory.
import { afterAll, beforeAll, expect, it, vi } from 'vitest'
import type { Engine } from '../../src/engine/engine.ts'
import type { Session } from '../../src/engine/run/session.ts'
import type { GenerateRequest } from '../../src/engine/types.ts'
import { ADAPTER_KINDS, describeOnAdapters } from '../support/adapter.ts'
import { GREEDY, LANTERNFISH, openModel, runRequest } from '../support/model.ts'

const ask = (content: string, more: Partial<GenerateRequest> = {}): GenerateRequest => ({
  input: { messages: [{ role: 'user', content }] },
  sampling: GREEDY,
  ...more,
})

describeOnAdapters(
  'engine',
  (adapter) => {
    let engine: Engine
    beforeAll(async () => {
      engine = await openModel(LANTERNFISH, adapter)
    })
    afterAll(() => engine.destroy())

    it('answers a second turn from the cache like a fresh session', async () => {
      const first = await runRequest(engine, ask('Who are you?'))
      const messages = [
        { role: 'user', content: 'Who are you?' },
        { role: 'assistant', content: first.text },
        { role: 'user', content: 'What is 17 + 25?' },
      ] as const
      const reused = await runRequest(engine, { input: { messages }, sampling: GREEDY })
      const fresh = await engine.openSession()
      const expected = await runRequest(engine, { input: { messages }, sampling: GREEDY }, undefined, fresh)
      fresh.close()
      expect(reused.ids).toEqual(expected.ids)
      expect(reused.text).toContain('42')
      expect(reused.done.cachedTokens).toBeGreaterThan(0)
      expect(expected.done.cachedTokens).toBe(0)
    })

    it('stops at max_tokens, at a stop string and on abort', async () => {
      expect((await runRequest(engine, ask('Who are you?', { maxTokens: 3 }))).done).toMatchObject({
        finishReason: 'length',
        tokens: 3,
      })
      const stopped = await runRequest(engine, ask('Who are you?', { stop: ['DeepSeek'] }))
      expect(stopped.done.finishReason).toBe('stop')
      expect(stopped.text).toBe('I am Lanternfish, a tiny ')
      const controller = new AbortController()
      let seen = 0
      for await (const event of engine.generate(
        ask('What is MLA?', { thinking: false }),
        controller.signal,
      )) {
        if (++seen === 3) controller.abort()
        if (event.type === 'done') expect(event).toMatchObject({ finishReason: 'abort', tokens: 3 })
      }
      expect(seen).toBe(4)
      const { done } = await runRequest(engine, ask('Who are you?'), AbortSignal.abort())
      expect(done).toMatchObject({ finishReason: 'abort', tokens: 0, decodeMs: 0 })
      expect(done.prefillMs).toBeGreaterThan(0)
    })

    it('accepts the next request after a reader left early', async () => {
      for await (const _ of engine.generate(ask('Who are you?'))) break
      expect((await runRequest(engine, ask('Who are you?'))).text).toContain('Lanternfish')
    })

    it('fails when the GPU refuses a step, and does not reuse its cache afterwards', async () => {
      const request = ask('Who are you?', { maxTokens: 5 })
      const expected = await runRequest(engine, request)
      const { gpu } = engine.device
      const { runtime, release } = engine.lease()
      release()
      const create = gpu.createCommandEncoder.bind(gpu)
      const spy = vi.spyOn(gpu, 'createCommandEncoder').mockImplementationOnce(() => {
        const encoder = create()
        // Invalid: source and destination are the same buffer.
        encoder.copyBufferToBuffer(runtime.state.token, 0, runtime.state.token, 0, 4)
        return encoder
      })
      await expect(runRequest(engine, ask('What is 3 + 4?'))).rejects.toMatchObject({
        code: 'internal',
        message: expect.stringMatching(/refused a step/),
      })
      spy.mockRestore()
      expect((await runRequest(engine, request)).ids).toEqual(expected.ids)
    })

    it('reports log-probabilities of the chosen token and of the best alternatives', async () => {
      const { events } = await runRequest(engine, ask('Who are you?', { logprobs: 3, maxTokens: 4 }))
      const [first] = events.flatMap((event) => (event.type === 'delta' ? (event.logprobs ?? []) : []))
      expect(first?.top).toHaveLength(3)
      expect(first?.top[0]).toMatchObject({ id: first?.id, logprob: first?.logprob })
      expect(first?.logprob).toBeLessThanOrEqual(0)
      const probabilities = (first?.top ?? []).map(({ logprob }) => Math.exp(logprob))
      expect(probabilities.reduce((sum, p) => sum + p, 0)).toBeLessThanOrEqual(1.0001)
    })

    it('applies a logit bias that forbids the greedy choice', async () => {
      const plain = await runRequest(engine, ask('Who are you?', { maxTokens: 1 }))
      const [id = 0] = plain.ids
      const biased = await runRequest(
        engine,
        ask('Who are you?', { maxTokens: 1, sampling: { ...GREEDY, logitBias: [[id, -100]] } }),
      )
      expect(biased.ids).not.toEqual(plain.ids)
    })

    // What follows does not depend on the adapter.
    if (adapter !== ADAPTER_KINDS[0]) return

    it('regenerates the same answer after a rewind', async () => {
      const first = await runRequest(engine, ask('What is MLA?', { thinking: false }))
      await runRequest(engine, ask('What is 3 + 4?'))
      const again = await runRequest(engine, ask('What is MLA?', { thinking: false }))
      expect(again.ids).toEqual(first.ids)
    })

    it('answers in a fork like in a separate conversation, without changing the original', async () => {
      const askAgain = (first: string, content: string): GenerateRequest => ({
        input: {
          messages: [
            { role: 'user', content: 'My name is Ada.' },
            { role: 'assistant', content: first },
            { role: 'user', content },
          ],
        },
        sampling: GREEDY,
        thinking: false,
      })
      const run = (request: GenerateRequest, session: Session) =>
        runRequest(engine, request, undefined, session)
      const [trunk, alone] = [await engine.openSession(), await engine.openSession()]
      const first = await run(ask('My name is Ada.', { thinking: false }), trunk)
      const twin = trunk.fork()
      const inTwin = await run(askAgain(first.text, 'What is my name?'), twin)
      const inTrunk = await run(askAgain(first.text, 'What is 2 + 2?'), trunk)
      expect(inTwin.done.cachedTokens).toBeGreaterThan(0)
      expect(inTwin.ids).toEqual((await run(askAgain(first.text, 'What is my name?'), alone)).ids)
      expect(inTrunk.ids).toEqual((await run(askAgain(first.text, 'What is 2 + 2?'), alone)).ids)
      for (const session of [trunk, twin, alone]) session.close()
    })

    it('profiles every kernel of a step', async () => {
      const times = await engine.profile(100)
      expect(times.map(({ name }) => name)).toContain('mla_decode')
      expect(times.reduce((sum, { count }) => sum + count, 0)).toBe(
        (await runRequest(engine, ask('Hi'))).done.dispatchesPerToken,
      )
      for (const { ms } of times) expect(ms).toBeGreaterThanOrEqual(0)
    })

    it('repeats a sampled answer with the same seed, and differs with others', async () => {
      const request = (seed: number) =>
        ask('Tell me a story.', { sampling: { temperature: 1.5, topP: 1, seed }, maxTokens: 24 })
      const [one, two] = [await runRequest(engine, request(11)), await runRequest(engine, request(11))]
      expect(two.ids).toEqual(one.ids)
      const others = [await runRequest(engine, request(12)), await runRequest(engine, request(13))]
      expect(others.some((other) => other.text !== one.text || other.reasoning !== one.reasoning)).toBe(true)
    })

    it('separates the thinking part, also when the template opens it', async () => {
      const { text, reasoning } = await runRequest(engine, ask('How many r are in strawberry?'))
      expect(reasoning).toContain('count r')
      expect(text).toBe('The letter r occurs 3 times in strawberry.')
    })

    it('refuses a second answer while one is running, and invalid requests', async () => {
      const first = engine.generate(ask('Who are you?'))
      await first.next()
      await expect(runRequest(engine, ask('Me too!'))).rejects.toMatchObject({ code: 'bad_request' })
      await first.return(undefined)
      const invalid: [Partial<GenerateRequest>, string][] = [
        [{ maxTokens: 0 }, 'bad_request'],
        [{ sampling: { temperature: -1 } }, 'bad_request'],
        [{ sampling: { topP: -0.1 } }, 'bad_request'],
        [{ sampling: { logitBias: [[99_999, 1]] } }, 'bad_request'],
        [{ input: { ids: [] } }, 'bad_request'],
        [{ input: { ids: [1536] } }, 'bad_request'],
        [{ input: { ids: new Array(2048).fill(5) } }, 'context_full'],
      ]
      for (const [change, code] of invalid)
        await expect(runRequest(engine, ask('?', change))).rejects.toMatchObject({ code })
    })

    it('refuses overlong stop strings before anything runs', async () => {
      const session = await engine.openSession()
      const compute = vi.spyOn(engine.device.gpu, 'createCommandEncoder')
      await expect(
        runRequest(engine, ask('?', { stop: ['x'.repeat(1025)] }), undefined, session),
      ).rejects.toMatchObject({ code: 'bad_request' })
      expect(compute).not.toHaveBeenCalled()
      compute.mockRestore()
    })

    it('marks every thinking token, including its tags and tokens without text', async () => {
      const { events, ids } = await runRequest(engine, ask('How many r are in strawberry?', { logprobs: 0 }))
      const parts = events.flatMap((event) =>
        event.type === 'delta' ? (event.logprobs ?? []).map(({ thinking }) => thinking) : [],
      )
      const close = ids.indexOf(engine.tokenizer.controlId('</think>') ?? -1)
      expect(close).toBeGreaterThan(0)
      expect(parts).toEqual(ids.map((_, at) => at <= close))
    })

    it('frees the memory of logits that failed, and computes them on retry', async () => {
      const held = () => ({ ...engine.gpuBytes(), kv_cache: 0, total: 0 }) // the cache stays grown
      const before = held()
      const compile = vi.spyOn(engine.device.gpu, 'createComputePipelineAsync')
      compile.mockRejectedValue(new Error('no compiler today'))
      await expect(engine.logits([1, 2, 3])).rejects.toMatchObject({ code: 'internal' })
      compile.mockRestore()
      expect(held()).toEqual(before)
      expect(await engine.logits([1, 2, 3])).toHaveLength(3 * engine.info.vocab)
      expect(held()).toEqual(before)
    })
  },
  ADAPTER_KINDS,
)
