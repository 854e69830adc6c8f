// Tests that the clients' own ways to objects work with a real model: the AI SDK, LangChain, OpenAI's parser.
import { ChatOpenAI } from '@langchain/openai'
import { generateObject, generateText, Output } from 'ai'
import OpenAI from 'openai'
import { zodResponseFormat } from 'openai/helpers/zod'
import { afterAll, beforeAll, expect, it } from 'vitest'
import * as z from 'zod'
import { hadalModel } from '../../src/ai-sdk/index.ts'
import { openFolder } from '../../src/cli/node-source.ts'
import { type LoadedModel, loadModel } from '../../src/core.ts'
import { openAIEndpoint } from '../../src/openai/index.ts'
import { ADAPTERS, describeOnAdapters, openGpu } from '../support/adapter.ts'
import { LANTERNFISH } from '../support/model.ts'

const Fish = z.object({
  name: z.string().min(2).max(20),
  depth: z.number().int().min(0).max(6000),
  glows: z.boolean(),
  colour: z.enum(['black', 'red', 'silver']).optional(),
  food: z.array(z.string().max(10)).max(2),
})
const PROMPT = 'Describe a fish of the deep sea.'

const source = openFolder(LANTERNFISH)
afterAll(() => source.close())

describeOnAdapters(
  'structured answers',
  ({ match, options: device }) => {
    let model: LoadedModel
    beforeAll(async () => {
      model = await loadModel(source, { gpu: await openGpu(match), device })
    })
    afterAll(() => model.unload())
    const client = () =>
      new OpenAI({ apiKey: 'none', dangerouslyAllowBrowser: true, ...openAIEndpoint(model) })

    it('of generateObject and Output.object of the AI SDK', async () => {
      const spoken = hadalModel(model, { thinking: false })
      const { object } = await generateObject({
        model: spoken,
        schema: Fish,
        prompt: PROMPT,
        temperature: 1.5,
      })
      expect(Fish.safeParse(object).success).toBe(true)
      const output = Output.object({ schema: Fish })
      const text = await generateText({ model: spoken, output, prompt: PROMPT, temperature: 1.5 })
      expect(Fish.safeParse(text.output).success).toBe(true)
      expect(text.warnings).toEqual([])
    })

    it("of LangChain's withStructuredOutput", async () => {
      const configuration = openAIEndpoint(model)
      const chat = new ChatOpenAI({ model: 'any', apiKey: 'none', temperature: 1.5, configuration })
      const structured = chat.withStructuredOutput(Fish, { method: 'jsonSchema' })
      expect(Fish.safeParse(await structured.invoke(PROMPT)).success).toBe(true)
      const loose = chat.withStructuredOutput(Fish, { method: 'jsonMode' })
      // Any JSON object, which is not a fish.
      await expect(loose.invoke(PROMPT)).rejects.toThrow(/parse|invalid|match/i)
    })

    it("of OpenAI's parser, and streamed", async () => {
      const response_format = zodResponseFormat(z.object({ fish: Fish.omit({ colour: true }) }), 'answer')
      const request = {
        model: 'any',
        messages: [{ role: 'user' as const, content: PROMPT }],
        temperature: 1.5,
        response_format,
      }
      const parsed = await client().chat.completions.parse(request)
      expect(Fish.safeParse(parsed.choices[0]?.message.parsed?.fish).success).toBe(true)
      const final = await client().chat.completions.stream(request).finalChatCompletion()
      expect(Fish.safeParse(final.choices[0]?.message.parsed?.fish).success).toBe(true)
    })
  },
  ADAPTERS.slice(0, 1),
)
