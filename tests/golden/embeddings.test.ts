// Golden tests of embeddings: they agree with sentence-transformers, whole and in chunks, for each pooling.
import { expect, it } from 'vitest'
import type { EmbedResult } from '../../src/engine/types.ts'
import { relativeError } from '../../src/lib/relative-error.ts'
import { ADAPTERS, describeOnAdapters } from '../support/adapter.ts'
import {
  embedAll,
  embeddingFiles,
  openEmbedder,
  readEmbeddingGolden,
  savedFiles,
} from '../support/embedding.ts'

/** Relative error of a vector, as for logits: with the cache in f32, and in f16. */
const MAX_ERROR = { f32: 1e-4, f16: 2e-3 } as const

/** So small that the longest text takes several chunks, which begin inside pages and tiles. */
const SMALL_CHUNK = 24

const golden = readEmbeddingGolden()
const { texts } = golden

function expectVectors(
  results: readonly EmbedResult[],
  expected: readonly (readonly number[])[] | undefined,
  maxError: number,
): void {
  expect(results).toHaveLength(expected?.length ?? 0)
  for (const [index, { embedding }] of results.entries()) {
    const wanted = Float32Array.from(expected?.[index] ?? [])
    expect(embedding).toHaveLength(wanted.length)
    expect(relativeError(embedding, wanted), `text ${index}`).toBeLessThan(maxError)
  }
}

describeOnAdapters('embeddings', (adapter) => {
  it.each([
    ['f32', undefined],
    ['f32', SMALL_CHUNK],
    ['f16', SMALL_CHUNK],
  ] as const)('with the cache in %s and chunks of %s', async (cache, prefillChunk) => {
    const options = { cache, ...(prefillChunk && { prefillChunk }) }
    const engine = await openEmbedder(embeddingFiles(), adapter, options)
    try {
      const results = await embedAll(engine, { input: texts })
      expect(results.map(({ tokens }) => tokens)).toEqual(golden.ids.map(({ length }) => length))
      expectVectors(results, golden.normalized, MAX_ERROR[cache])
      // The ids that the golden program fed give the very same vectors as the texts.
      expect(await embedAll(engine, { input: golden.ids })).toEqual(results)
      const short = await embedAll(engine, { input: texts.slice(0, 2), dimensions: 16 })
      expectVectors(short, golden.truncated, MAX_ERROR[cache])
    } finally {
      engine.destroy()
    }
  })
})

describeOnAdapters(
  'ways of pooling',
  (adapter) => {
    const saved = savedFiles()
    const withoutNormalize = (saved['modules.json'] as readonly unknown[]).slice(0, 2)

    it.each(Object.entries(golden.pooled))('%s', async (mode, expected) => {
      const pooling = { embedding_dimension: 70, pooling_mode: mode, include_prompt: true }
      const files = embeddingFiles({ 'modules.json': withoutNormalize, '1_Pooling/config.json': pooling })
      const engine = await openEmbedder(files, adapter, { cache: 'f32', prefillChunk: SMALL_CHUNK })
      try {
        expectVectors(await embedAll(engine, { input: texts }), expected, MAX_ERROR.f32)
      } finally {
        engine.destroy()
      }
    })

    it('a default prompt, and the files of version 6', async () => {
      const prompts = Object.assign({}, saved['config_sentence_transformers.json'], {
        default_prompt_name: 'query',
      })
      const changes = { ...saved, 'config_sentence_transformers.json': prompts }
      const engine = await openEmbedder(embeddingFiles(changes), adapter, { cache: 'f32' })
      try {
        const results = await embedAll(engine, { input: texts.slice(0, 2) })
        expectVectors(results, golden.query, MAX_ERROR.f32)
      } finally {
        engine.destroy()
      }
    })
  },
  ADAPTERS.slice(0, 1),
)
