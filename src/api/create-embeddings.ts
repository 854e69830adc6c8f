// Answers an OpenAI-shaped request for embeddings: checks it, and shapes the results.
import {
  badField,
  definedFields,
  type FieldReader,
  oneOf,
  readFields,
  requestFields,
  wholeNumber,
} from '../lib/check.ts'
import type { EmbedRequest, EmbedResult } from '../worker/protocol.ts'
import { refuseUnknown } from './no-op-fields.ts'
import { readInputs } from './raw-inputs.ts'
import type { RequestOptions } from './types/chat.ts'
import type { CreateEmbeddingResponse, Embedding, EmbeddingCreateParams } from './types/embeddings.ts'

/** Starts embedding; yields one result for each input, in order. */
export type StartEmbedding = (request: EmbedRequest, signal?: AbortSignal) => AsyncIterable<EmbedResult>

const MAX_DIMENSIONS = 2 ** 20 // the engine knows the model's

const READERS = {
  input: readInputs,
  model: (fields, key) => fields.get(key),
  encoding_format: oneOf(['float', 'base64']),
  dimensions: wholeNumber(1, MAX_DIMENSIONS),
} satisfies { readonly [Field in keyof Required<EmbeddingCreateParams>]: FieldReader<unknown> }

/**
 * The embeddings of a request, in the order of its inputs.
 * @throws HadalError as `Embeddings.create`
 */
export async function createEmbeddings(
  { model, start }: { readonly model: string; readonly start: StartEmbedding },
  params: unknown,
  { signal }: RequestOptions = {},
): Promise<CreateEmbeddingResponse> {
  const fields = requestFields(params)
  refuseUnknown(fields, Object.keys(READERS))
  const { input, dimensions, encoding_format: format } = readFields(fields, READERS)
  if (!input) throw badField('input', 'must be a text, its token ids, or a list of either')
  const request: EmbedRequest = { input, ...definedFields({ dimensions }) }
  const data: Embedding[] = []
  let tokens = 0
  for await (const result of start(request, signal)) {
    const embedding = format === 'base64' ? base64Of(result.embedding) : [...result.embedding]
    // OpenAI's own types say `number[]` for both forms.
    data.push({ object: 'embedding', index: data.length, embedding: embedding as number[] })
    tokens += result.tokens
  }
  return { object: 'list', data, model, usage: { prompt_tokens: tokens, total_tokens: tokens } }
}

/** Little-endian f32 in base64. */
function base64Of(numbers: Float32Array): string {
  const bytes = new DataView(new ArrayBuffer(numbers.length * 4))
  for (const [index, value] of numbers.entries()) bytes.setFloat32(index * 4, value, true)
  let text = ''
  for (const byte of new Uint8Array(bytes.buffer)) text += String.fromCharCode(byte)
  return btoa(text)
}
