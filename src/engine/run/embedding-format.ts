// Describes how a model's folder says that hidden states become embeddings.
import type { HadalError } from '../../lib/error.ts'
import type { Notices } from '../../lib/notices.ts'
import type { ModelSpec } from '../../models/spec.ts'
import type { TextTokenizer } from '../../text/tokenizer.ts'

/** The ways of sentence-transformers to make one vector of those of all tokens, by its names. */
export type PoolingMode = 'cls' | 'max' | 'mean' | 'mean_sqrt_len_tokens' | 'weightedmean' | 'lasttoken'

/** What the folder's files say, checked. */
export interface EmbeddingFormat {
  readonly pooling: PoolingMode
  /** Numbers of a hidden state, where the folder says so. */
  readonly hiddenSize: number | undefined
  /** Whether embeddings have length 1. */
  readonly normalize: boolean
  /** Put before each text; usually empty. */
  readonly prompt: string
  /** Longest input in tokens, where that is shorter than the context. */
  readonly maxTokens: number | undefined
}

/** What a folder says about embeddings. */
export interface EmbeddingFolder {
  /** How to pool; an error where that is not supported. */
  readonly format: EmbeddingFormat | HadalError
  /** The spec of a model whose output head is not stored. Throws what `format` is, if that is an error. */
  readonly withoutHead: (spec: ModelSpec, notices: Notices | undefined) => ModelSpec
}

/** What embedding needs of a model besides its runtime. */
export interface EmbeddingContext {
  /** undefined: the folder does not say how to pool. An error: it does, in a way that is not supported. */
  readonly format: EmbeddingFolder['format'] | undefined
  readonly tokenizer: TextTokenizer
  /** `post_processor` of tokenizer.json, unchecked. */
  readonly postProcessor: unknown
}
