// Makes `model.embeddings`; what answers its requests is loaded with the first one.
import type { StartEmbedding } from './create-embeddings.ts'
import type { Embeddings } from './types/model.ts'

/** Makes `embeddings` for a model. @param model the name that responses report */
export const embeddings = (model: string, start: StartEmbedding): Embeddings => ({
  async create(params, options) {
    const { createEmbeddings } = await import('./create-embeddings.ts')
    return createEmbeddings({ model, start }, params, options)
  },
})
