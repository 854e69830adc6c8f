// Tests of what a request's `hadal` adds to answers, and of going on from any token of one.
import { afterAll, beforeAll, expect, it } from 'vitest'
import { openFolder } from '../../src/cli/node-source.ts'
import {
  type ChatCompletionMessageParam,
  type ChatCompletionTokenLogprob,
  type LoadedModel,
  loadModel,
} from '../../src/core.ts'
import { ADAPTERS, describeOnAdapters, openGpu } from '../support/adapter.ts'
import { LANTERNFISH } from '../support/model.ts'

const QUESTION = { role: 'user', content: 'What is 17 + 25?' } as const
const ASK = { messages: [QUESTION], temperature: 0, max_tokens: 120 }

const source = openFolder(LANTERNFISH)
afterAll(() => source.close())

describeOnAdapters(
  'answers',
  ({ match, options: device }) => {
    let model: LoadedModel
    beforeAll(async () => {
      model = await loadModel(source, { gpu: await openGpu(match), device })
    })
    afterAll(() => model.unload())

    it('report the experts of each token, streamed or whole', async () => {
      const whole = await model.chat.completions.create({ ...ASK, n: 2, hadal: { experts: true } })
      const { experts, token_ids: ids = [] } = whole.hadal ?? {}
      expect(experts).toMatchObject({ layers: [1, 2, 3], experts_per_token: 4 })
      expect(experts?.tokens).toHaveLength(ids.length)
      const streamed: unknown[] = []
      for await (const chunk of await model.chat.completions.create({
        ...ASK,
        stream: true,
        logprobs: true,
        top_logprobs: 2,
        hadal: { experts: true },
      })) {
        if (!chunk.hadal || !('token_ids' in chunk.hadal)) continue
        const [choice] = chunk.choices
        const { content = [], reasoning_content: thinking = [] } = choice?.logprobs ?? {}
        expect(chunk.hadal.experts?.tokens ?? []).toHaveLength(chunk.hadal.token_ids.length)
        expect(content.length + thinking.length).toBe(chunk.hadal.token_ids.length)
        streamed.push(...(chunk.hadal.experts?.tokens ?? []))
      }
      expect([...streamed, ...streamed]).toEqual(experts?.tokens)
      const plain = await model.chat.completions.create({ ...ASK, hadal: { experts: false } })
      expect(plain.hadal?.experts).toBeUndefined()
      const text = await model.completions.create({ prompt: 'A', max_tokens: 3, hadal: { experts: true } })
      expect(text.hadal?.experts?.tokens).toHaveLength(text.hadal?.token_ids.length ?? -1)
    })

    it('think no longer than their budget, each with its seed', async () => {
      const ask = { ...ASK, temperature: 0.8, seed: 5, thinking_budget: 4 }
      const both = await model.chat.completions.create({ ...ask, n: 2 })
      const texts = both.choices.map(({ message }) => [message.reasoning_content, message.content])
      const second = await model.chat.completions.create({ ...ask, seed: 6 })
      const [choice] = second.choices
      expect([choice?.message.reasoning_content, choice?.message.content]).toEqual(texts[1])
      let [thinking, text] = ['', '']
      let end: unknown
      for await (const { choices, hadal } of await model.chat.completions.create({ ...ask, stream: true })) {
        thinking += choices[0]?.delta.reasoning_content ?? ''
        text += choices[0]?.delta.content ?? ''
        if (hadal && 'prefill_ms' in hadal) end = hadal.reasoning
      }
      expect([thinking, text]).toEqual(texts[0])
      expect([both.hadal?.reasoning, second.hadal?.reasoning, end]).toEqual(['budget', 'budget', 'budget'])
      const free = await model.chat.completions.create(ASK)
      const none = await model.chat.completions.create({ ...ASK, reasoning_effort: 'none' })
      const at = await model.chat.completions.create({ ...ASK, thinking_budget: 0 })
      expect([free.hadal?.reasoning, none.hadal?.reasoning]).toEqual(['closed', undefined])
      expect(at.choices[0]?.message).toMatchObject({ reasoning_content: null, content: expect.any(String) })
      await expect(
        model.completions.create({ prompt: 'A', thinking_budget: 1 } as never),
      ).rejects.toMatchObject({ code: 'bad_request', message: expect.stringContaining('thinking_budget') })
    })

    it('go on from any token, without prefill of what comes before it', async () => {
      const { choices, usage } = await model.chat.completions.create({
        ...ASK,
        logprobs: true,
        top_logprobs: 1,
      })
      const { reasoning_content: thinking = [], content = [] } = choices[0]?.logprobs ?? {}
      const textOf = (tokens: readonly ChatCompletionTokenLogprob[]) =>
        tokens.map(({ token }) => token).join('')
      expect(thinking.at(-1)?.token).toBe('</think>')
      const question = usage?.prompt_tokens ?? 0
      for (const kept of [3, thinking.length - 1, thinking.length, thinking.length + 2]) {
        const begun: ChatCompletionMessageParam = {
          role: 'assistant',
          reasoning_content: textOf(thinking.slice(0, kept)),
          content: textOf(content.slice(0, Math.max(0, kept - thinking.length))),
          prefix: true,
        }
        const rest = await model.chat.completions.create({
          ...ASK,
          messages: [QUESTION, begun],
          logprobs: true,
        })
        const all = [...thinking, ...content].slice(kept)
        const { reasoning_content: more = [], content: answer = [] } = rest.choices[0]?.logprobs ?? {}
        expect(textOf([...more, ...answer]), `${kept} tokens kept`).toBe(textOf(all))
        expect(rest.usage).toMatchObject({ prompt_tokens: question + kept })
        // One id runs again for its logits.
        expect(rest.usage?.prompt_tokens_details).toEqual({ cached_tokens: question + kept - 1 })
      }
    })

    it('go on from another token than the one that was chosen', async () => {
      const { choices, usage } = await model.chat.completions.create({
        ...ASK,
        logprobs: true,
        top_logprobs: 5,
      })
      const thinking = choices[0]?.logprobs?.reasoning_content ?? []
      const at = 4
      const other = thinking[at]?.top_logprobs.find(({ token }) => token !== thinking[at]?.token)?.token ?? ''
      const before = thinking.slice(0, at).map(({ token }) => token)
      const begun: ChatCompletionMessageParam = {
        role: 'assistant',
        content: '',
        reasoning_content: before.join('') + other,
        prefix: true,
      }
      const rest = await model.chat.completions.create({ ...ASK, messages: [QUESTION, begun] })
      const kept = (usage?.prompt_tokens ?? 0) + at
      expect(rest.usage).toMatchObject({ prompt_tokens: kept + 1 })
      expect(rest.usage?.prompt_tokens_details).toEqual({ cached_tokens: kept })
      expect(rest.choices[0]?.message.reasoning_content).not.toBe('')
    })
  },
  ADAPTERS.filter(({ name }) => name === 'lavapipe'),
)
