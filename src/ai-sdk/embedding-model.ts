// An embedding model for the AI SDK: `embed` and `embedMany` with a model in this page.
import type { EmbeddingModelV4 } from '@ai-sdk/provider'
import type { Model } from '../api/types/model.ts'

/** An embedding model of version 4 of the AI SDK's specification. Errors are `HadalError`s. */
export function hadalEmbeddingModel(model: Model): EmbeddingModelV4 {
  return {
    specificationVersion: 'v4',
    provider: 'hadal',
    modelId: model.id,
    maxEmbeddingsPerCall: undefined,
    supportsParallelCalls: false, // a model runs one request at a time
    async doEmbed({ values, dimensions, abortSignal: signal }) {
      const request = { input: values, ...(dimensions !== undefined && { dimensions }) }
      const { data, usage } = await model.embeddings.create(request, signal ? { signal } : {})
      return {
        embeddings: data.map(({ embedding }) => embedding),
        usage: { tokens: usage.prompt_tokens },
        warnings: [],
      }
    },
  }
}
