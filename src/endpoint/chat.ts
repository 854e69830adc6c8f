// `chat.completions` and `completions` of an endpoint.
import type { Completion, RequestOptions } from '../api/openai-types.ts'
import { type AnswerContext, ChunkReader, readChatCompletion } from './chat-answer.ts'
import { CompletionChunkReader, readCompletion } from './completion-answer.ts'
import {
  BadAnswerError,
  type Endpoint,
  type EndpointRequest,
  type Exchange,
  notJson,
  requestJson,
  send,
  serverName,
  throwComplaint,
} from './exchange.ts'
import { chatBody, completionBody, type RequestTarget } from './request.ts'
import { readEventData } from './sse.ts'
import { ReadAhead, type Sized } from './stream.ts'
import type { EndpointChatCompletions, EndpointCompletions } from './types.ts'

/** An opened endpoint, and the model that is asked for there. */
export interface Connection {
  readonly endpoint: Endpoint
  readonly target: RequestTarget
}

export function endpointChat({ endpoint, target }: Connection): EndpointChatCompletions {
  const create = async (params: unknown, { signal }: RequestOptions = {}) => {
    const { body, stream, prefix } = chatBody(params, target)
    const request: EndpointRequest = { path: 'chat/completions', body, signal }
    // llama-server begins a whole answer with the text that it goes on from, and a stream without it.
    const repeatedPrefix = target.kind === 'llama-server' ? prefix : ''
    const context: AnswerContext = { model: target.model, repeatedPrefix }
    if (!stream) return readChatCompletion(await requestJson(endpoint, request), context)
    return openStream(endpoint, request, new ChunkReader(target.model))
  }
  return { create } as EndpointChatCompletions
}

export function endpointCompletions({ endpoint, target }: Connection): EndpointCompletions {
  const create = async (params: unknown, { signal }: RequestOptions = {}) => {
    const { body, stream } = completionBody(params, target)
    const request: EndpointRequest = { path: 'completions', body, signal }
    if (!stream)
      return readCompletion(await requestJson(endpoint, request), target.model) satisfies Completion
    return openStream(endpoint, request, new CompletionChunkReader(target.model))
  }
  return { create } as EndpointCompletions
}

/** Reads the chunks of one stream. */
interface StreamReader<T> {
  read(json: unknown): T
  /** Whether the answer has ended. */
  readonly complete: boolean
}

async function openStream<T>(
  endpoint: Endpoint,
  request: EndpointRequest,
  reader: StreamReader<T>,
): Promise<ReadAhead<T>> {
  const exchange = await send(endpoint, request)
  const stream = new ReadAhead(readChunks(endpoint, exchange, reader), exchange.cancel, request.signal)
  await stream.begun()
  return stream
}

async function* readChunks<T>(
  endpoint: Endpoint,
  { contentType, bytes }: Exchange,
  reader: StreamReader<T>,
): AsyncGenerator<Sized<T>, void> {
  for await (const data of readEventData(bytes())) {
    if (data.trim() === '[DONE]') return
    const json = parseEvent(endpoint, contentType, data)
    throwComplaint(endpoint, json)
    yield { value: reader.read(json), size: data.length }
  }
  if (!reader.complete)
    throw new BadAnswerError(`${serverName(endpoint)} ended the stream before the answer.`)
}

function parseEvent(endpoint: Endpoint, contentType: string, data: string): unknown {
  try {
    return JSON.parse(data)
  } catch {
    throw notJson(endpoint, contentType, data)
  }
}
