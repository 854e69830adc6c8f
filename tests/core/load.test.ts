// Tests of `hadal/core`: a model in this thread, on a GPU device of its own or of the application, with the
// same answers as everywhere.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, expect, it } from 'vitest'
import { openFolder } from '../../src/cli/node-source.ts'
import { loadModel } from '../../src/core.ts'
import { HadalError } from '../../src/lib/error.ts'
import { ADAPTERS, describeOnAdapters, openGpu } from '../support/adapter.ts'
import { LANTERNFISH } from '../support/model.ts'

const source = openFolder(LANTERNFISH)
afterAll(() => source.close())

interface Golden {
  readonly items: readonly {
    readonly messages: readonly { readonly role: 'user'; readonly content: string }[]
    readonly completion_text: string
  }[]
}

const { items } = JSON.parse(readFileSync(join(LANTERNFISH, 'golden.json'), 'utf8')) as Golden
const golden = items.find(({ messages }) => messages.at(-1)?.content === 'What is 347 + 586?')
const messages = golden?.messages ?? []
const [thinking = '', answer = ''] = golden?.completion_text.replace(/<｜.*$/s, '').split('</think>') ?? []

describeOnAdapters(
  'a model without a worker',
  ({ match, options: device }) => {
    it('answers as the golden says, streams, counts tokens, and frees what it took', async () => {
      const fractions: number[] = []
      const model = await loadModel(source, {
        gpu: await openGpu(match),
        device,
        onProgress: ({ fraction }) => fractions.push(fraction),
      })
      expect(fractions).toEqual([...fractions].sort((a, b) => a - b))
      expect([fractions[0], fractions.at(-1)]).toEqual([0, 1])
      const request = { messages, temperature: 0, max_tokens: 340 }
      const { choices, usage } = await model.chat.completions.create(request)
      expect(choices[0]?.message.content?.trim()).toBe(answer.trim())
      expect(choices[0]?.message.reasoning_content?.trim()).toBe(thinking.trim())
      expect(usage.completion_tokens_details.reasoning_tokens).toBeGreaterThan(5)
      expect(usage.completion_tokens_details.reasoning_tokens).toBeLessThan(usage.completion_tokens)
      expect(await model.countTokens({ messages })).toBe(usage.prompt_tokens)

      let streamed = ''
      const stream = await model.chat.completions.create({ ...request, stream: true, n: 2 })
      for await (const { choices } of stream)
        for (const { index, delta } of choices) if (index === 1) streamed += delta.content ?? ''
      expect(streamed).toBe(choices[0]?.message.content)

      // The same prompt as raw ids, and its text without a thinking part of its own.
      const prompt = await model.tokenize({ messages })
      const raw = await model.completions.create({ prompt, temperature: 0, max_tokens: 340 })
      expect(raw.choices[0]?.text).toContain(thinking.trim())
      expect(raw.choices[0]?.text).toContain(answer.trim())
      expect(raw.usage.completion_tokens_details.reasoning_tokens).toBe(0)

      expect((await model.gpuBytes()).total).toBeGreaterThan(9e6)
      await model.unload()
      const late = model.chat.completions.create({ messages })
      await expect(late).rejects.toMatchObject({ code: 'aborted', name: 'AbortError' })
    })
  },
  ADAPTERS.filter(({ name }) => name === 'lavapipe'),
)

describeOnAdapters(
  "the application's device",
  ({ match }) => {
    it('is used with its limits, and stays open', async () => {
      const gpu = await openGpu(match)
      const adapter = await gpu.requestAdapter()
      const gpuDevice = await adapter?.requestDevice()
      if (!gpuDevice) throw new Error(`${match} opens no device`)
      const models = await Promise.all([
        loadModel(source, { gpu, gpuDevice }),
        loadModel(source, { gpu, gpuDevice, contextLength: 512 }),
      ])
      const request = { messages, temperature: 0, max_tokens: 12 }
      const texts = await Promise.all(models.map((model) => model.chat.completions.create(request)))
      const [first, second] = texts.map(({ choices }) => choices[0]?.message.reasoning_content)
      expect(thinking).toContain(first ?? '?')
      expect(second).toBe(first)
      await Promise.all(models.map((model) => model.unload()))
      const buffer = gpuDevice.createBuffer({ size: 16, usage: 8 })
      gpuDevice.queue.writeBuffer(buffer, 0, new Uint8Array(16))
      await gpuDevice.queue.onSubmittedWorkDone()
      gpuDevice.destroy()
    })

    it('needs its GPU in Node, where options of pages are refused', async () => {
      const gpuDevice = (await (await (await openGpu(match)).requestAdapter())?.requestDevice()) as GPUDevice
      const refused = { code: 'bad_request' }
      await expect(loadModel(source, { gpuDevice })).rejects.toMatchObject(refused)
      await expect(loadModel(source, { keep: 'files' } as object)).rejects.toMatchObject(refused)
      gpuDevice.destroy()
    })

    it('and a load on it can be cancelled', async () => {
      const abort = new AbortController()
      const loading = loadModel(source, {
        gpu: await openGpu(match),
        signal: abort.signal,
        onProgress: ({ phase }) => phase === 'upload' && abort.abort('enough'),
      })
      const error = await loading.catch((failure: unknown) => failure)
      expect(error).toBeInstanceOf(HadalError)
      expect(error).toMatchObject({ code: 'aborted', cause: 'enough' })
    })
  },
  ADAPTERS.filter(({ name }) => name === 'lavapipe'),
)
