// Public surface of `hadal/ai-sdk`: models for the Vercel AI SDK, of version 4 of its specification.
export { hadalEmbeddingModel } from './embedding-model.ts'
export { type HadalModelSettings, hadalModel } from './language-model.ts'
