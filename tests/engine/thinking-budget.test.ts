// Tests of thinking budgets: where they close the thinking part, and that all else is as without them.
import { afterAll, beforeAll, expect, it } from 'vitest'
import type { Engine } from '../../src/engine/engine.ts'
import type { GenerateRequest } from '../../src/engine/types.ts'
import { ADAPTERS, describeOnAdapters } from '../support/adapter.ts'
import { GREEDY, LANTERNFISH, openModel, type RequestResult, runRequest } from '../support/model.ts'

const MESSAGES = [{ role: 'user', content: 'What is 123 * 45?' }] as const
const ask = (more: Partial<GenerateRequest> = {}): GenerateRequest => ({
  input: { messages: MESSAGES },
  sampling: GREEDY,
  maxTokens: 200,
  ...more,
})

describeOnAdapters(
  'a thinking budget',
  (adapter) => {
    let engine: Engine
    let whole: RequestResult
    let close: number
    beforeAll(async () => {
      engine = await openModel(LANTERNFISH, adapter)
      whole = await runRequest(engine, ask())
      close = engine.tokenizer.controlId('</think>') ?? -1
    })
    afterAll(() => engine.destroy())
    const thoughtsOf = ({ ids }: RequestResult) => ids.indexOf(close)

    it.each([0, 1, 2, 3, 5, 31])('of %d tokens is kept to, and the answer follows', async (budget) => {
      const { ids, done, text, reasoning } = await runRequest(engine, ask({ thinkingBudget: budget }))
      expect(ids.slice(0, budget)).toEqual(whole.ids.slice(0, budget))
      const forced = thoughtsOf({ ids } as RequestResult) - budget
      expect([0, 1]).toContain(forced) // a newline, where there is none
      expect(ids.filter((id) => id === close)).toHaveLength(1)
      expect(done).toMatchObject({
        reasoning: 'budget',
        finishReason: 'stop',
        reasoningTokens: budget + forced + 1,
      })
      expect(reasoning).toBe(whole.reasoning.slice(0, reasoning.length))
      expect(text).toMatch(/^\d+ \* 45 = /)
      // What the model says is what it says after that thinking, whoever wrote it.
      const prompt = await engine.tokenize({ input: { messages: MESSAGES } })
      const session = await engine.openSession()
      const after = [...prompt, ...ids.slice(0, budget + forced + 1)]
      const other = await runRequest(engine, ask({ input: { ids: after } }), undefined, session)
      session.close()
      expect(other.ids).toEqual(ids.slice(budget + forced + 1))
    })

    it('that is not used up changes nothing', async () => {
      const thoughts = thoughtsOf(whole)
      expect(whole.done).toMatchObject({ reasoning: 'closed', reasoningTokens: thoughts + 1 })
      for (const thinkingBudget of [thoughts + 1, 10_000]) {
        const { ids, done } = await runRequest(engine, ask({ thinkingBudget }))
        expect(ids).toEqual(whole.ids)
        expect(done.reasoning).toBe('closed')
      }
      const plain = await runRequest(engine, ask({ thinking: false }))
      const { ids, done } = await runRequest(engine, ask({ thinking: false, thinkingBudget: 0 }))
      expect([ids, done.reasoning]).toEqual([plain.ids, undefined])
    })

    it('is a part of the maximum tokens by effort, and what is cut by those says so', async () => {
      const low = await runRequest(engine, ask({ effort: 'low', maxTokens: 100 }))
      expect(low.done.reasoning).toBe('budget')
      expect([20, 21]).toContain(thoughtsOf(low))
      const both = await runRequest(engine, ask({ effort: 'low', thinkingBudget: 7, maxTokens: 100 }))
      expect([7, 8]).toContain(thoughtsOf(both))
      const cut = await runRequest(engine, ask({ thinkingBudget: 50, maxTokens: 20 }))
      expect(cut.done).toMatchObject({ reasoning: 'length', finishReason: 'length', tokens: 20 })
      for (const maxTokens of [6, 7, 8]) {
        const tight = await runRequest(engine, ask({ thinkingBudget: 6, maxTokens }))
        expect(tight.done).toMatchObject({ finishReason: 'length', tokens: maxTokens })
      }
    })

    it('holds where the model itself opens the thinking part', async () => {
      const prompt = await engine.tokenize({ input: { messages: MESSAGES } })
      const open = engine.tokenizer.controlId('<think>') ?? -1
      const request = ask({ input: { ids: prompt.slice(0, prompt.indexOf(open)) }, maxTokens: 12 })
      const wanting = { temperature: 0, logitBias: [[open, 100]] } as const
      for (const thinkingBudget of [0, 1, 2, 6]) {
        const { ids } = await runRequest(engine, { ...request, sampling: wanting, thinkingBudget })
        expect(ids[0]).toBe(open)
        expect([0, 1]).toContain(ids.indexOf(close) - 1 - thinkingBudget)
      }
      const free = await runRequest(engine, request)
      expect((await runRequest(engine, { ...request, thinkingBudget: 9 })).ids).toEqual(free.ids)
    })

    it('goes with seeds, penalties, stop strings, log-probabilities, experts and formats', async () => {
      const sampling = { temperature: 0.8, seed: 3, repetitionPenalty: 1.2, presencePenalty: 0.4 }
      const request = ask({ sampling, thinkingBudget: 9, stop: [' = '], logprobs: 2, experts: true })
      const first = await runRequest(engine, request)
      expect(first.done).toMatchObject({ reasoning: 'budget', finishReason: 'stop' })
      expect(first.text).not.toContain('=')
      const plain = await runRequest(engine, ask({ sampling, thinkingBudget: 9, stop: [' = '] }))
      expect(plain.ids).toEqual(first.ids)
      const reported = first.events.flatMap((event) => (event.type === 'delta' ? [event] : []))
      const all = reported.flatMap(({ logprobs = [] }) => logprobs)
      const experts = reported.flatMap((delta) => delta.experts?.tokens ?? [])
      expect([all.length, experts.length]).toEqual([first.ids.length, first.ids.length])
      const at = first.ids.indexOf(close)
      expect(all[at]).toMatchObject({ logprob: 0, top: [], thinking: true })
      expect([experts[at], experts[at + 1] === null]).toEqual([null, false])
      const schema = { type: 'object', properties: { a: { type: 'integer' } }, required: ['a'] }
      const held = await runRequest(
        engine,
        ask({ thinkingBudget: 4, responseFormat: { type: 'json_schema', schema } }),
      )
      expect(JSON.parse(held.text)).toEqual({ a: expect.any(Number) })
      expect(held.done.reasoning).toBe('budget')
    })

    it('goes on after an interruption at every place as without one', async () => {
      for (const sampling of [GREEDY, { temperature: 0.9, seed: 11, frequencyPenalty: 0.3 }]) {
        const request = ask({ sampling, thinkingBudget: 6, maxTokens: 16 })
        const { ids, done } = await runRequest(engine, request)
        for (let length = 1; length < ids.length; length++) {
          const resumed = await runRequest(engine, { ...request, resume: ids.slice(0, length) })
          expect([...ids.slice(0, length), ...resumed.ids], `after ${length}`).toEqual(ids)
          expect(resumed.done.reasoning).toBe(done.reasoning)
        }
      }
    })

    it('leaves the cache as the answer left it', async () => {
      const { ids, done } = await runRequest(engine, ask({ thinkingBudget: 8 }))
      const prompt = await engine.tokenize({ input: { messages: MESSAGES } })
      const after = await runRequest(engine, ask({ input: { ids: [...prompt, ...ids, 5] }, maxTokens: 2 }))
      expect(done.kv.tokens).toBe(prompt.length + ids.length - 1) // the last one was not run
      expect(after.done.cachedTokens).toBe(prompt.length + ids.length - 1)
    })
  },
  ADAPTERS.filter(({ name }) => name === 'lavapipe'),
)
