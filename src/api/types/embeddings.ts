// Types of OpenAI's embeddings.

export interface EmbeddingCreateParams {
  /** A text, its token ids, or a list of either. */
  input: string | readonly string[] | readonly number[] | readonly (readonly number[])[]
  /** Accepted and ignored: the model is the one that was loaded. */
  model?: string
  /** `base64`: little-endian f32. Default: numbers. */
  encoding_format?: 'float' | 'base64' | null
  /** Keeps the first numbers and normalizes again, for models trained for that (Matryoshka). */
  dimensions?: number | null
}

export interface Embedding {
  object: 'embedding'
  index: number
  /** Numbers; with `encoding_format: 'base64'` their text. */
  embedding: number[]
}

export interface CreateEmbeddingResponse {
  object: 'list'
  data: Embedding[]
  model: string
  usage: { prompt_tokens: number; total_tokens: number }
}
