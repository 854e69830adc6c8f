// Tests of what ends an answer: any token that a file of the tokenizer or the chat template names. The model
// also has a token without an embedding, which a load notes and a prompt may not use.
import { expect, it } from 'vitest'
import { loadEngine } from '../../src/engine/load-engine.ts'
import { openMemory } from '../../src/weights/memory.ts'
import { ADAPTERS, describeOnAdapters, openGpu } from '../support/adapter.ts'
import { type ModelFiles, readFolder, withConfig } from '../support/folder.ts'
import { GREEDY, LANTERNFISH, runRequest } from '../support/model.ts'

const { 'generation_config.json': _, ...files } = readFolder(LANTERNFISH)
const folder = withConfig(files, { eos_token_id: 0 })
const read = (name: string) => JSON.parse(new TextDecoder().decode(folder[name] as Uint8Array))
const config = read('tokenizer_config.json')

describeOnAdapters(
  'an answer',
  (adapter) => {
    it.each<[string, ModelFiles]>([
      [
        'tokenizer_config.json alone',
        {
          ...folder,
          'tokenizer_config.json': JSON.stringify({ ...config, chat_template: undefined }),
          'chat_template.jinja': config.chat_template.replaceAll('<｜end▁of▁sentence｜>', ''),
        },
      ],
      [
        'the chat template alone',
        {
          ...folder,
          'tokenizer_config.json': JSON.stringify({ ...config, eos_token: '<｜User｜>' }),
          'chat_template.jinja': config.chat_template,
        },
      ],
    ])('ends at the token that %s names', async (_, changed) => {
      const tokenizer = read('tokenizer.json')
      tokenizer.added_tokens.push({ id: 1536, content: '[PAD]', special: true })
      const source = openMemory({ ...changed, 'tokenizer.json': JSON.stringify(tokenizer) })
      const engine = await loadEngine(source, { gpu: await openGpu(adapter.match), device: adapter.options })
      try {
        expect(engine.info.notices.join()).toContain('[PAD]')
        const messages = [{ role: 'user', content: 'What is 17 + 25?' }] as const
        const { done, text } = await runRequest(engine, {
          input: { messages },
          sampling: GREEDY,
          maxTokens: 120,
        })
        expect(text).toBe('17 + 25 = 42.')
        expect(done).toMatchObject({ finishReason: 'stop', tokens: 55 })
        const ids = engine.tokenizer.encode('a[PAD]')
        await expect(runRequest(engine, { input: { ids } })).rejects.toMatchObject({
          code: 'bad_request',
          message: expect.stringContaining('"[PAD]"'),
        })
      } finally {
        engine.destroy()
      }
    })
  },
  ADAPTERS.slice(0, 1),
)
