// Tests of speculative decoding: with drafts an answer is what it is without, and aborts leave nothing.
import { join } from 'node:path'
import { expect, it } from 'vitest'
import type { Engine } from '../../src/engine/engine.ts'
import type { EngineOptions } from '../../src/engine/options.ts'
import { pagesFor } from '../../src/engine/run/session.ts'
import type { GenerateRequest } from '../../src/engine/types.ts'
import { ADAPTERS, type AdapterCase, describeOnAdapters } from '../support/adapter.ts'
import { DRAFT_FIXTURES, FIXTURES, GREEDY, openModel, readGolden, runRequest } from '../support/model.ts'

const SAMPLED = { temperature: 0.9, topP: 0.95, seed: 7 }

/** Requests whose answers must not depend on drafts. */
const REQUESTS: Readonly<Record<string, Omit<GenerateRequest, 'input'>>> = {
  greedy: { sampling: GREEDY, maxTokens: 64 },
  sampled: { sampling: SAMPLED, maxTokens: 64 },
  'with log-probabilities': { sampling: SAMPLED, maxTokens: 12, logprobs: 2 },
  'with a penalty': { sampling: { ...SAMPLED, frequencyPenalty: 0.4 }, maxTokens: 12 },
  'with a logit bias': { sampling: { ...GREEDY, logitBias: [[11, 4]] }, maxTokens: 24 },
  'of two tokens': { sampling: GREEDY, maxTokens: 2 },
}

async function withModel<T>(
  folder: string,
  adapter: AdapterCase,
  options: EngineOptions,
  use: (engine: Engine) => Promise<T>,
): Promise<T> {
  const engine = await openModel(folder, adapter, { contextLength: 256, ...options })
  try {
    return await use(engine)
  } finally {
    engine.destroy()
  }
}

/** The answers to all requests, and what was drafted for them. */
function answersOf(folder: string, adapter: AdapterCase, options: EngineOptions) {
  return withModel(folder, adapter, options, async (engine) => {
    const ids = readGolden(folder).promptIds
    const answers: Record<string, unknown> = {}
    let [proposed, accepted] = [0, 0]
    for (const [name, request] of Object.entries(REQUESTS)) {
      const { done, ids: tokens, events } = await runRequest(engine, { ...request, input: { ids } })
      const logprobs = events.flatMap((event) => (event.type === 'delta' ? (event.logprobs ?? []) : []))
      answers[name] = { tokens, logprobs, finishReason: done.finishReason, cached: done.kv.tokens }
      proposed += done.drafts?.proposed ?? 0
      accepted += done.drafts?.accepted ?? 0
    }
    return { answers, proposed, accepted }
  })
}

const CASES = [
  ['lavapipe', 'mtp', join(DRAFT_FIXTURES, 'mtp-v3-fp8'), {}],
  ['lavapipe', 'mtp', join(DRAFT_FIXTURES, 'mtp-glm4lite-bf16'), { cache: 'fp8', quantize: 'q8' }],
  ['lavapipe', 'auto', join(DRAFT_FIXTURES, 'mtp-glm4lite-bf16'), { cache: 'f32' }],
  ['lavapipe', 'lookup', join(FIXTURES, 'qwen2-bf16'), {}],
  ['lavapipe-plain', 'mtp', join(DRAFT_FIXTURES, 'mtp-v3-fp8'), {}],
  ['lavapipe-plain', 'lookup', join(FIXTURES, 'qwen2-bf16'), {}],
] as const

describeOnAdapters(
  'speculative decoding',
  (adapter) => {
    const cases = CASES.filter(([name]) => name === adapter.name)
    it.each(cases)('%s, %s: answers are those without drafts: %s, %o', async (...given) => {
      const [, speculative, folder, options] = given
      const plain = await answersOf(folder, adapter, options)
      const drafted = await answersOf(folder, adapter, { ...options, speculative })
      expect(drafted.answers).toEqual(plain.answers)
      expect(plain.proposed).toBe(0)
      expect(drafted.proposed).toBeGreaterThan(drafted.accepted)
      expect(drafted.accepted).toBeGreaterThan(0)
    })

    it.runIf(adapter.name === 'lavapipe')('an aborted answer leaves nothing behind', () =>
      withModel(join(DRAFT_FIXTURES, 'mtp-v3-fp8'), adapter, { speculative: 'mtp' }, async (engine) => {
        const input = { ids: readGolden(join(DRAFT_FIXTURES, 'mtp-v3-fp8')).promptIds }
        const request = { input, sampling: GREEDY, maxTokens: 64 }
        const session = await engine.openSession()
        const whole = await runRequest(engine, request, undefined, session)
        const before = [engine.gpuBytes(), session.cache.used]
        for (const tokens of [0, 1, 4, 5]) {
          const controller = new AbortController()
          let seen = 0
          if (tokens === 0) controller.abort()
          for await (const event of engine.generate(request, controller.signal, session)) {
            if (event.type === 'delta' && ++seen === tokens) controller.abort()
            if (event.type === 'done') expect(event).toMatchObject({ finishReason: 'abort', tokens })
          }
          expect([engine.gpuBytes(), session.pages.length]).toEqual([before[0], pagesFor(session.length)])
        }
        const again = await runRequest(engine, request, undefined, session)
        expect(again.ids).toEqual(whole.ids)
        expect([engine.gpuBytes(), session.cache.used]).toEqual(before)
      }),
    )
  },
  ADAPTERS.slice(0, 2),
)
