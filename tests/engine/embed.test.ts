// Tests how an engine embeds beside conversations: refusals, limits, cancellation, and what stays on the GPU.
import { afterAll, beforeAll, expect, it } from 'vitest'
import type { Engine } from '../../src/engine/engine.ts'
import { ADAPTERS, describeOnAdapters } from '../support/adapter.ts'
import { embedAll, embeddingFiles, openEmbedder, readEmbeddingGolden } from '../support/embedding.ts'
import { GREEDY, runRequest } from '../support/model.ts'

const { texts, ids } = readEmbeddingGolden()
const MODULES = 'modules.json'
const changedConfig = (change: object) => ({
  'config.json': {
    ...JSON.parse(new TextDecoder().decode(embeddingFiles()['config.json'] as Uint8Array<ArrayBuffer>)),
    ...change,
  },
})

describeOnAdapters(
  'embed',
  (adapter) => {
    let engine: Engine
    beforeAll(async () => {
      engine = await openEmbedder(embeddingFiles(), adapter, { contextLength: 256, prefillChunk: 24 })
    })
    afterAll(() => engine.destroy())

    it('leaves conversations and memory as they were', async () => {
      const request = { input: { ids: ids[5] ?? [] }, sampling: GREEDY, maxTokens: 8 }
      const before = await runRequest(engine, request)
      await embedAll(engine, { input: texts }) // the cache has grown for the longest of them then
      const bytes = engine.gpuBytes()
      const [alone] = await embedAll(engine, { input: texts.slice(1, 2) })
      expect(engine.gpuBytes()).toEqual(bytes)
      const after = await runRequest(engine, request)
      expect(after.ids).toEqual(before.ids)
      expect(after.done.cachedTokens).toBe(request.input.ids.length - 1)
      expect((await embedAll(engine, { input: texts }))[1]).toEqual(alone)
    })

    it('takes control tokens in a text as characters', async () => {
      const [result] = await embedAll(engine, { input: ['a<|endoftext|>'] })
      expect(result?.tokens).toBeGreaterThan(3)
    })

    it.each([
      ['no id', { input: [[]] }, 'bad_request', /at least one/],
      ['an unknown id', { input: [[1], [420]] }, 'bad_request', /420/],
      ['too many dimensions', { input: ['a'], dimensions: 71 }, 'bad_request', /dimensions.*70/],
      ['an input beyond the context', { input: ['a', 'b '.repeat(300)] }, 'context_full', /Input 1 .*256/],
    ])('refuses %s', async (_, request, code, message) => {
      await expect(embedAll(engine, request)).rejects.toMatchObject({
        code,
        message: expect.stringMatching(message),
      })
    })

    it('stops when it is cancelled or left, and answers the next request', async () => {
      const bytes = engine.gpuBytes()
      const abort = new AbortController()
      const results = engine.embed({ input: texts }, abort.signal)
      await results.next()
      abort.abort()
      const rest = async () => {
        for await (const _ of results);
      }
      await expect(rest()).rejects.toMatchObject({ code: 'aborted' })
      for await (const _ of engine.embed({ input: texts })) break
      expect(engine.gpuBytes()).toEqual(bytes)
      expect(await embedAll(engine, { input: texts })).toHaveLength(texts.length)
    })

    it('refuses folders that say nothing of embeddings, or what is not supported', async () => {
      const cases: [Readonly<Record<string, unknown>>, string, RegExp][] = [
        [{ [MODULES]: undefined }, 'unsupported', /does not say/],
        [{ '1_Pooling/config.json': { pooling_mode: 'attention' } }, 'unsupported', /attention/],
        [
          { '1_Pooling/config.json': { pooling_mode: 'mean', embedding_dimension: 64 } },
          'bad_file',
          /64.*70/,
        ],
        [{ 'sentence_bert_config.json': { max_seq_length: 10 } }, 'context_full', /Input 0 .*10/],
      ]
      for (const [changes, code, message] of cases) {
        const other = await openEmbedder(embeddingFiles(changes), adapter)
        try {
          const failing = embedAll(other, { input: [texts[1] ?? ''] })
          await expect(failing).rejects.toMatchObject({ code, message: expect.stringMatching(message) })
        } finally {
          other.destroy()
        }
      }
    })

    it('embeds without an output head, and writes nothing then', async () => {
      const expected = await embedAll(engine, { input: texts })
      const files = embeddingFiles(changedConfig({ tie_word_embeddings: false }))
      const headless = await openEmbedder(files, adapter, { contextLength: 256, prefillChunk: 24 })
      try {
        expect(headless.info.notices).toEqual([expect.stringMatching(/no output head/)])
        expect(await embedAll(headless, { input: texts })).toEqual(expected)
        await expect(runRequest(headless, { input: { prompt: 'a' } })).rejects.toMatchObject({
          code: 'unsupported',
        })
      } finally {
        headless.destroy()
      }
    })
  },
  ADAPTERS.slice(0, 1),
)
