// Opens a model behind an OpenAI-compatible server.
import type { ModelEntry, ModelList } from '../api/openai-types.ts'
import { HadalError, throwIfAborted } from '../lib/error.ts'
import { quoteName } from '../lib/format.ts'
import { baseUrls, checkOptions, requestHeaders } from './address.ts'
import { answerFields, optionalText } from './answer.ts'
import { type Connection, endpointChat, endpointCompletions } from './chat.ts'
import { endpointEmbeddings } from './embeddings.ts'
import { BadAnswerError, type Endpoint, requestJson, serverName } from './exchange.ts'
import { serverKind } from './server-kind.ts'
import { tokenize } from './tokenize.ts'
import type { EndpointModel, EndpointOptions } from './types.ts'

const MAX_MODELS = 2 ** 16
const MAX_NAMED = 8

/**
 * Opens a model on a server: asks it for its models, which shows that it answers, and loads nothing.
 * @throws HadalError
 * - `bad_request`: an option is wrong, or the server has several models and `model` is missing
 * - `network`: the server does not answer, or not as an OpenAI-compatible one
 * - `no_access`: it requires an `apiKey`, or refuses this one
 * - `not_found`: it lists no model
 * - `aborted`: the signal fired
 */
export async function openEndpoint(options: EndpointOptions): Promise<EndpointModel> {
  checkOptions(options)
  throwIfAborted(options.signal)
  const ending = new AbortController()
  const shared = {
    headers: requestHeaders(options),
    fetch: options.fetch ?? ((input: RequestInfo | URL, init?: RequestInit) => fetch(input, init)),
    apiKey: options.apiKey,
    ended: ending.signal,
  }
  const [first, ...others] = baseUrls(options.endpoint)
  const { endpoint, models } = await findInterface(
    [{ ...shared, base: first }, ...others.map((base) => ({ ...shared, base }))],
    options,
  )
  const model = options.model ?? onlyModel(endpoint, models)
  const kind = serverKind(endpoint.base, models[0]?.owned_by)
  return wrap({ endpoint, target: { model, kind } }, ending)
}

interface FoundInterface {
  readonly endpoint: Endpoint
  readonly models: readonly ModelEntry[]
}

/** The first of the endpoints that lists models. One that lists none will do if the model is named. */
async function findInterface(
  endpoints: readonly [Endpoint, ...Endpoint[]],
  { model, signal }: EndpointOptions,
): Promise<FoundInterface> {
  let refusal: unknown
  for (const endpoint of endpoints) {
    try {
      return { endpoint, models: (await listModels(endpoint, signal)).data }
    } catch (error) {
      if (!isNoList(error)) throw error
      refusal ??= error
    }
  }
  if (model === undefined) throw refusal
  return { endpoint: endpoints[0], models: [] }
}

/** Whether a server answered and has no list of models there. */
const isNoList = (error: unknown): boolean =>
  error instanceof BadAnswerError ||
  (error instanceof HadalError && ['not_found', 'unsupported', 'bad_request'].includes(error.code))

async function listModels(endpoint: Endpoint, signal?: AbortSignal): Promise<ModelList> {
  const answer = answerFields(await requestJson(endpoint, { path: 'models', signal }))
  const data = answer.objects('data', MAX_MODELS).map((entry): ModelEntry => {
    const id = optionalText(entry, 'id')
    if (id === undefined) throw entry.error('id', 'must be a string', id)
    return {
      id,
      object: 'model',
      created: entry.number('created', 0, Number.MAX_SAFE_INTEGER, 0),
      owned_by: optionalText(entry, 'owned_by') ?? '',
    }
  })
  return { object: 'list', data }
}

function onlyModel(endpoint: Endpoint, models: readonly ModelEntry[]): string {
  const [first, ...others] = models
  const server = serverName(endpoint)
  if (!first)
    throw new HadalError('not_found', `${server} lists no model.`, {
      hint: 'Load one there, or name it as `model`.',
    })
  if (others.length === 0) return first.id
  const names = models.slice(0, MAX_NAMED).map(({ id }) => quoteName(id))
  throw new HadalError('bad_request', `${server} has ${models.length} models; \`model\` must name one.`, {
    hint: `For example: ${names.join(', ')}.`,
  })
}

function wrap(connection: Connection, ending: AbortController): EndpointModel {
  const { endpoint, target } = connection
  const unload = async () => {
    const hint = 'Open it again with loadModel().'
    ending.abort(new HadalError('aborted', 'The model was unloaded.', { hint }))
  }
  return {
    id: target.model,
    chat: { completions: endpointChat(connection) },
    completions: endpointCompletions(connection),
    embeddings: endpointEmbeddings(connection),
    models: { list: () => listModels(endpoint) },
    tokenize: (input, options) => tokenize(connection, input, options),
    countTokens: async (input, options) => (await tokenize(connection, input, options)).length,
    unload,
    [Symbol.asyncDispose ?? 'asyncDispose']: unload, // Safari lacks the symbol
    lost: new Promise(() => {}),
  }
}
