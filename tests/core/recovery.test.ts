// Tests that a model comes back when its GPU device is lost: same text, same memory, or a clear end.
import { afterAll, beforeAll, expect, it, vi } from 'vitest'
import type { ModelStatus } from '../../src/api/status.ts'
import { openFolder } from '../../src/cli/node-source.ts'
import { type LoadedModel, loadModel } from '../../src/core.ts'
import { ADAPTERS, describeOnAdapters, openGpu, withDevices } from '../support/adapter.ts'
import { LANTERNFISH } from '../support/model.ts'

const LOSSES = 10
const MESSAGES = [{ role: 'user', content: 'How many r are in strawberry? And what is 17 + 25?' }] as const
const REQUEST = { messages: MESSAGES, temperature: 0, max_tokens: 90 } as const

const source = openFolder(LANTERNFISH)
afterAll(() => source.close())

const textOf = async (model: LoadedModel, onToken: (tokens: number) => void = () => {}) => {
  let [text, tokens] = ['', 0]
  for await (const { choices, hadal } of await model.chat.completions.create({ ...REQUEST, stream: true })) {
    const delta = choices[0]?.delta
    text += `${delta?.reasoning_content ?? ''}${delta?.content ?? ''}`
    if (hadal && 'token_ids' in hadal) onToken(++tokens)
  }
  return { text, tokens }
}

describeOnAdapters(
  'recovery',
  ({ match, options }) => {
    const devices: GPUDevice[] = []
    const statuses: ModelStatus['state'][] = []
    let model: LoadedModel
    let isGone = false // whether the adapter has gone with its device
    beforeAll(async () => {
      const gpu = withDevices(await openGpu(match), (device) => {
        devices.push(device)
        return device
      })
      const requestAdapter = gpu.requestAdapter.bind(gpu)
      gpu.requestAdapter = async (wanted) => (isGone ? null : requestAdapter(wanted))
      const onStatus = ({ state }: ModelStatus) => {
        if (statuses.at(-1) !== state) statuses.push(state)
      }
      model = await loadModel(source, { gpu, device: options, onStatus })
    })
    afterAll(() => model.unload())
    const lose = () => devices.at(-1)?.destroy()

    it(`goes on with a greedy answer after each of ${LOSSES} losses`, async () => {
      const whole = await textOf(model)
      expect(await textOf(model)).toEqual(whole) // takes its pages beside those of the first
      const bytes = await model.gpuBytes()
      const opened = devices.length
      let losses = 0
      while (losses < LOSSES) {
        // At tokens spread over the answer, several times in each, and now and then before the first.
        const at = (7 * losses) % whole.tokens
        if (at % 5 === 0) setTimeout(lose, at)
        const again = await textOf(model, (tokens) => {
          if ((tokens + at) % 23 !== 0 || losses >= LOSSES) return
          losses++
          lose()
        })
        expect(again).toEqual(whole)
      }
      expect(devices.length - opened).toBeGreaterThanOrEqual(LOSSES)
      expect(statuses.slice(0, 4)).toEqual(['recovering', 'ready', 'recovering', 'ready'])
      expect(await textOf(model)).toEqual(whole)
      expect(await model.gpuBytes()).toEqual(bytes)
    })

    it('goes on with a budget and experts as without a loss', async () => {
      const answerOf = async (losses: readonly number[]) => {
        const ids: number[] = []
        const experts: unknown[] = []
        let end: unknown
        const request = { ...REQUEST, thinking_budget: 12, hadal: { experts: true }, stream: true } as const
        for await (const { hadal } of await model.chat.completions.create(request)) {
          if (hadal && 'reasoning' in hadal) end = hadal.reasoning
          if (!hadal || !('token_ids' in hadal)) continue
          ids.push(...hadal.token_ids)
          experts.push(...(hadal.experts?.tokens ?? []))
          if (losses.includes(ids.length)) lose()
        }
        return { ids, experts, end }
      }
      const whole = await answerOf([])
      expect(whole).toMatchObject({ end: 'budget' })
      expect(whole.experts).toHaveLength(whole.ids.length)
      for (const losses of [[3, 12], [13], [14, 20]]) expect(await answerOf(losses)).toEqual(whole)
    })

    it('comes back while nobody asks, and answers what was asked meanwhile', async () => {
      const { ids } = { ids: await model.tokenize('a text') }
      lose()
      const bytes = model.gpuBytes()
      const answers = Promise.all([textOf(model), textOf(model)])
      expect(await model.tokenize('a text')).toEqual(ids)
      expect((await bytes).total).toBeGreaterThan(1e6)
      const [one, other] = await answers
      expect(one).toEqual(other)
    })

    it('is lost when no adapter comes back', async () => {
      vi.useFakeTimers({ toFake: ['setTimeout'] })
      isGone = true
      const running = textOf(model, (tokens) => {
        if (tokens === 5) lose()
      })
      running.catch(() => {})
      await vi.waitFor(async () => {
        await vi.advanceTimersByTimeAsync(20_000)
        expect(statuses.at(-1)).toBe('lost')
      })
      vi.useRealTimers()
      await expect(running).rejects.toMatchObject({ code: 'no_webgpu' })
      expect(await model.lost).toMatchObject({ code: 'no_webgpu' })
      await expect(model.chat.completions.create(REQUEST)).rejects.toMatchObject({ code: 'no_webgpu' })
    })
  },
  ADAPTERS.slice(0, 1),
)
