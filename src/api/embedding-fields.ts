// The fields of a request for embeddings, and how each is read.
import { type FieldReader, oneOf, wholeNumber } from '../lib/check.ts'
import { readInputs } from './raw-inputs.ts'
import type { EmbeddingCreateParams } from './types/embeddings.ts'

const MAX_DIMENSIONS = 2 ** 20 // the engine knows the model's

/** One reader for each field of a request. */
export const EMBEDDING_READERS = {
  input: readInputs,
  model: (fields, key) => fields.get(key),
  encoding_format: oneOf(['float', 'base64']),
  dimensions: wholeNumber(1, MAX_DIMENSIONS),
} satisfies { readonly [Field in keyof Required<EmbeddingCreateParams>]: FieldReader<unknown> }
