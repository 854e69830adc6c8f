// Answers an OpenAI-shaped request for embeddings: checks it, and shapes the results.
import { base64OfF32 } from '../lib/base64.ts'
import { badField, definedFields, readFields } from '../lib/check.ts'
import type { EmbedRequest, EmbedResult } from '../worker/protocol.ts'
import { knownFields } from './common-fields.ts'
import { EMBEDDING_READERS } from './embedding-fields.ts'
import type { RequestOptions } from './types/chat.ts'
import type { CreateEmbeddingResponse, Embedding } from './types/embeddings.ts'

/** Starts embedding; yields one result for each input, in order. */
export type StartEmbedding = (request: EmbedRequest, signal?: AbortSignal) => AsyncIterable<EmbedResult>

/**
 * The embeddings of a request, in the order of its inputs.
 * @throws HadalError as `Embeddings.create`
 */
export async function createEmbeddings(
  { model, start }: { readonly model: string; readonly start: StartEmbedding },
  params: unknown,
  { signal }: RequestOptions = {},
): Promise<CreateEmbeddingResponse> {
  const fields = knownFields(params, EMBEDDING_READERS)
  const { input, dimensions, encoding_format: format } = readFields(fields, EMBEDDING_READERS)
  if (!input) throw badField('input', 'must be a text, its token ids, or a list of either')
  const request: EmbedRequest = { input, ...definedFields({ dimensions }) }
  const data: Embedding[] = []
  let tokens = 0
  for await (const result of start(request, signal)) {
    const embedding = format === 'base64' ? base64OfF32(result.embedding) : [...result.embedding]
    // OpenAI's own types say `number[]` for both forms.
    data.push({ object: 'embedding', index: data.length, embedding: embedding as number[] })
    tokens += result.tokens
  }
  return { object: 'list', data, model, usage: { prompt_tokens: tokens, total_tokens: tokens } }
}
