// Tests of several answers to one request, decoded together: each is what a request of its own answers.
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Engine } from '../../src/engine/engine.ts'
import { Batch } from '../../src/engine/run/batch.ts'
import type { GenerateDelta, GenerateDone, GenerateEvent, GenerateRequest } from '../../src/engine/types.ts'
import type { Dispatch } from '../../src/program/graph.ts'
import { ADAPTERS, describeOnAdapters } from '../support/adapter.ts'
import { FIXTURES, GREEDY, LANTERNFISH, openModel } from '../support/model.ts'

const SEED = 4_294_967_294 // the next but one begins from zero
const CHOICES = [0, 1, 2, 3].map((index) => ({ index: index + 5, seed: (SEED + index) % 2 ** 32 }))
const REQUEST: GenerateRequest = {
  input: { ids: Array.from({ length: 70 }, (_, i) => 5 + ((i * 13) % 90)) },
  sampling: {
    temperature: 1.2,
    topK: 40,
    frequencyPenalty: 0.4,
    repetitionPenalty: 1.1,
    logitBias: [[7, 2]],
  },
  maxTokens: 12,
  plainOutput: true,
}

async function collect(engine: Engine, request: GenerateRequest, signal?: AbortSignal) {
  const events: GenerateEvent[] = []
  for await (const event of engine.generate(request, signal)) events.push(event)
  return events
}

const of = (events: readonly GenerateEvent[], choice: number | undefined) => {
  const own = events.filter((event) => event.choice === choice)
  const deltas = own.filter((event): event is GenerateDelta => event.type === 'delta')
  const done = own.find((event): event is GenerateDone => event.type === 'done')
  return {
    ids: deltas.flatMap(({ ids }) => ids),
    text: deltas.map(({ text, reasoning }) => reasoning + text).join(''),
    logprobs: deltas.flatMap(({ logprobs = [] }) => logprobs),
    finishReason: done?.finishReason,
    used: [done?.promptTokens, done?.tokens, done?.reasoningTokens],
    done,
  }
}

/** Bytes by purpose, without those of a cache that may have grown, and the cache's pages in use. */
function memoryOf(engine: Engine) {
  const { kv_cache: _, total: __, ...bytes } = engine.gpuBytes()
  const { runtime, release } = engine.lease()
  release()
  return { ...bytes, used: runtime.cache.used }
}

/** Buffers of weights that the dispatches bind, as often as they do. */
const boundMatrices = (dispatches: readonly Dispatch[]) =>
  dispatches
    .filter(({ kernel }) => kernel.path === 'linear/linear_decode')
    .map(({ operands }) => operands.weights)
    .map((operand) => (operand?.kind === 'resource' ? operand.buffer() : undefined))

describeOnAdapters(
  'choices',
  (adapter) => {
    let engine: Engine
    beforeAll(async () => {
      engine = await openModel(join(FIXTURES, 'deepseek_v3-fp8-tiny'), adapter, { contextLength: 512 })
    })
    afterAll(() => engine.destroy())

    it('each are what their seed gives alone, and leave the memory as it was', async () => {
      const requests: Partial<GenerateRequest>[] = [{}, { logprobs: 3 }]
      for (const more of requests) {
        const request = { ...REQUEST, ...more }
        const together = await collect(engine, { ...request, choices: CHOICES })
        expect(new Set(together.map(({ choice }) => choice))).toEqual(new Set([5, 6, 7, 8]))
        for (const { index, seed } of CHOICES) {
          const { done: _, ...alone } = of(
            await collect(engine, { ...request, sampling: { ...request.sampling, seed } }),
            undefined,
          )
          const { done: __, ...one } = of(together, index)
          expect(one).toEqual(alone)
        }
        await collect(engine, { ...request, choices: CHOICES })
        const before = memoryOf(engine)
        await collect(engine, { ...request, choices: CHOICES })
        expect(memoryOf(engine)).toEqual(before)
      }
    })

    it('end one by one, at a stop string or at the end of their tokens', async () => {
      const whole = await collect(engine, { ...REQUEST, choices: CHOICES })
      const { text } = of(whole, 6)
      const stop = [text.slice(text.length / 2, text.length / 2 + 3)]
      const stopped = await collect(engine, { ...REQUEST, stop, choices: CHOICES })
      const reasons = CHOICES.map(({ index }) => of(stopped, index).finishReason)
      expect(of(stopped, 6).finishReason).toBe('stop')
      expect(reasons).toContain('length')
      for (const { index } of CHOICES)
        expect(of(whole, index).ids.slice(0, of(stopped, index).ids.length)).toEqual(of(stopped, index).ids)
    })

    it('stop together, and what the cache holds of them serves the next request', async () => {
      const stopping = new AbortController()
      const events: GenerateEvent[] = []
      for await (const event of engine.generate({ ...REQUEST, choices: CHOICES }, stopping.signal)) {
        events.push(event)
        if (events.filter(({ type }) => type === 'delta').length === 9) stopping.abort()
      }
      for (const { index } of CHOICES) {
        expect(of(events, index).finishReason).toBe('abort')
        expect(of(events, index).ids.length).toBeLessThanOrEqual(3)
      }
      for await (const event of engine.generate({ ...REQUEST, choices: CHOICES })) if (event.tokens > 2) break
      const [first] = CHOICES
      const { ids } = of(
        await collect(engine, { ...REQUEST, choices: [first ?? CHOICES[1]].flatMap((c) => c ?? []) }),
        5,
      )
      const follow = await collect(engine, {
        ...REQUEST,
        input: { ids: [...('ids' in REQUEST.input ? REQUEST.input.ids : []), ...ids, 9] },
      })
      expect(of(follow, undefined).done?.cachedTokens).toBe(70 + ids.length - 1)
    })

    it('go on after an interruption, those that had not ended', async () => {
      const request = { ...REQUEST, choices: CHOICES, maxTokens: 5 }
      const whole = await collect(engine, request)
      const before = whole.slice(0, whole.findIndex(({ type }) => type === 'done') + 1)
      const rest = await collect(engine, { ...request, before })
      expect(rest.filter(({ type }) => type === 'done')).toHaveLength(3)
      for (const { index } of CHOICES)
        expect(of([...before, ...rest], index).ids).toEqual(of(whole, index).ids)
    })

    it('read each dense matrix once in a step', async () => {
      const { runtime, release } = engine.lease()
      const batch = await Batch.open(runtime, { rows: 4 })
      const alone = boundMatrices(runtime.ownPrograms.programs.decode.graph.dispatches)
      expect(boundMatrices(batch.graphFor(4).dispatches)).toEqual(alone)
      expect(alone.length).toBeGreaterThan(8)
      batch.close()
      release()
    })
  },
  ADAPTERS.slice(0, 2),
)

describe('choices of a model that thinks', () => {
  let engine: Engine
  beforeAll(async () => {
    const [adapter] = ADAPTERS
    if (adapter) engine = await openModel(LANTERNFISH, adapter)
  })
  afterAll(() => engine.destroy())

  const choices = CHOICES.slice(0, 2)
  const base: GenerateRequest = {
    input: { messages: [{ role: 'user', content: 'What is 12 * 45?' }] },
    sampling: { temperature: 1 },
    maxTokens: 40,
  }

  it.each([
    { thinkingBudget: 5 },
    { thinkingBudget: 0 },
    { responseFormat: { type: 'json_object' } as const, sampling: GREEDY, maxTokens: 8 },
  ])('each are what their seed gives alone: %o', async (more) => {
    const request = { ...base, ...more }
    const together = await collect(engine, { ...request, choices })
    for (const { index, seed } of choices) {
      const alone = await collect(engine, { ...request, sampling: { ...request.sampling, seed } })
      const { done, ...one } = of(together, index)
      const { done: wanted, ...expected } = of(alone, undefined)
      expect(one).toEqual(expected)
      expect(done?.reasoning).toBe(wanted?.reasoning)
    }
  })
})
