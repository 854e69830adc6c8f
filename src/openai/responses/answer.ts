// Answers a request for a response with a chat.
import type { RequestOptions } from '../../api/types/chat.ts'
import type { Model } from '../../api/types/model.ts'
import { eventResponse } from '../sse.ts'
import { ResponseEvents } from './events.ts'
import { readResponsesRequest } from './request.ts'
import { wholeResponse } from './response.ts'

/** @throws HadalError as chats do; `bad_request` also for what only chats can do */
export async function answerResponses(
  model: Model,
  body: unknown,
  options: RequestOptions,
): Promise<Response> {
  const request = readResponsesRequest(body)
  if (!request.stream) {
    return Response.json(wholeResponse(await model.chat.completions.create(request.chat, options), request))
  }
  const params = { ...request.chat, stream: true, stream_options: { include_usage: true } } as const
  const chunks = await model.chat.completions.create(params, options)
  return eventResponse(chunks, new ResponseEvents(request, model.id), options.signal)
}
