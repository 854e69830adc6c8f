// The paths of OpenAI's API, and how a model answers each.
import type { ChatCompletionCreateParams, RequestOptions } from '../api/types/chat.ts'
import type { CompletionCreateParams } from '../api/types/completions.ts'
import type { EmbeddingCreateParams } from '../api/types/embeddings.ts'
import type { Model } from '../api/types/model.ts'
import { HadalError } from '../lib/error.ts'
import { quoteName } from '../lib/format.ts'
import { isJsonObject } from '../lib/json.ts'
import { openAIError, refusal } from './errors.ts'
import { answerResponses } from './responses/answer.ts'
import type { ModelDirectory } from './served.ts'
import { type EventWriter, eventResponse, serverSentEvent } from './sse.ts'

/** What every request of an endpoint shares, and the signal of this one. */
export interface RequestContext {
  readonly directory: ModelDirectory
  readonly signal: AbortSignal | undefined
}

type Body = Readonly<Record<string, unknown>>
type Answer = (model: Model, body: Body, options: RequestOptions) => Promise<Response>

// Models check their requests themselves: bodies are passed on as they came.
const POST_ROUTES: Readonly<Record<string, Answer>> = {
  '/chat/completions': async (model, body, options) =>
    answerResult(
      await model.chat.completions.create(body as unknown as ChatCompletionCreateParams, options),
      options,
    ),
  '/completions': async (model, body, options) =>
    answerResult(await model.completions.create(body as unknown as CompletionCreateParams, options), options),
  '/embeddings': async (model, body, options) =>
    Response.json(await model.embeddings.create(body as unknown as EmbeddingCreateParams, options)),
  '/responses': answerResponses,
}

/** Answers a request. @param path below the base URL @throws HadalError, or what a model throws */
export async function answer(request: Request, path: string, context: RequestContext): Promise<Response> {
  const post = Object.hasOwn(POST_ROUTES, path) ? POST_ROUTES[path] : undefined
  if (post) {
    if (request.method !== 'POST') return wrongMethod(request, path, 'POST')
    return answerPost(post, await readBody(request), context)
  }
  if (path === '/models' || path.startsWith('/models/')) {
    if (request.method !== 'GET') return wrongMethod(request, path, 'GET')
    return answerModels(path.slice('/models/'.length), context)
  }
  const paths = [...Object.keys(POST_ROUTES), '/models'].join(', ')
  return refusal(404, 'unknown_path', `There is no ${quoteName(path)} here. Known: ${paths}.`)
}

function wrongMethod({ method }: Request, path: string, allow: string): Response {
  return refusal(405, 'method_not_allowed', `Send ${path} as ${allow}, not ${method}.`, { allow })
}

async function answerPost(
  post: Answer,
  body: Body,
  { directory, signal }: RequestContext,
): Promise<Response> {
  const model = directory.find(body.model)
  if (!model) return unknownModel(body.model, directory)
  return post(model, body, signal ? { signal } : {})
}

async function answerModels(name: string, { directory }: RequestContext): Promise<Response> {
  const data = await directory.list()
  if (name === '') return Response.json({ object: 'list', data })
  const wanted = decodeName(name)
  const entry = data.find(({ id }) => id === wanted)
  return entry ? Response.json(entry) : unknownModel(wanted, directory)
}

/** Names may hold slashes, which clients send as they are or escaped. */
function decodeName(name: string): string {
  try {
    return decodeURIComponent(name)
  } catch {
    return name
  }
}

function unknownModel(name: unknown, { names }: ModelDirectory): Response {
  const problem = typeof name === 'string' ? `There is no model ${quoteName(name)} here` : 'Name a model'
  return refusal(404, 'model_not_found', `${problem}. Models: ${names.join(', ')}.`)
}

async function readBody(request: Request): Promise<Body> {
  let body: unknown
  try {
    body = await request.json()
  } catch (cause) {
    throw notJson(cause)
  }
  if (isJsonObject(body)) return body
  throw notJson()
}

const notJson = (cause?: unknown): HadalError =>
  new HadalError('bad_request', 'The body is not a JSON object.', {
    hint: 'Send the request as JSON.',
    cause,
  })

/** Chunks of chats and text completions end with `[DONE]`, which clients wait for. */
const chunkWriter: EventWriter<unknown> = {
  value: (chunk) => serverSentEvent(chunk),
  end: () => serverSentEvent('[DONE]'),
  error: (thrown) => serverSentEvent({ error: openAIError(thrown) }, 'error'),
}

function answerResult(
  result: object | AsyncIterator<unknown, undefined>,
  { signal }: RequestOptions,
): Response {
  return 'next' in result ? eventResponse(result, chunkWriter, signal) : Response.json(result)
}
