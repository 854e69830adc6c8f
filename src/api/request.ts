// Checks an OpenAI-shaped request and translates it for the engine.
// What this version cannot do is refused, not ignored.
import {
  badField,
  definedFields,
  formatValue,
  optionalBoolean,
  optionalInteger,
  optionalNumber,
  optionalObject,
} from '../lib/check.ts'
import {
  type ChatMessage,
  type GenerateRequest,
  MAX_ALTERNATIVES,
  MAX_LOGIT_BIAS,
  SAMPLING_RANGES,
  type SamplingOptions,
} from '../worker/protocol.ts'

export { SAMPLING_RANGES }

/** A request that has been checked and translated. */
export interface CheckedRequest {
  readonly request: GenerateRequest
  readonly stream: boolean
  readonly includeUsage: boolean
}

const MAX_STOPS = 16
const MAX_U32 = 2 ** 32 - 1

const SUPPORTED_FIELDS = new Set(
  (
    'messages stream stream_options temperature top_p top_k min_p presence_penalty frequency_penalty ' +
    'repetition_penalty logit_bias seed max_tokens max_completion_tokens stop logprobs top_logprobs n ' +
    'thinking chat_template_kwargs'
  ).split(' '),
)
// Accepted: they do not change the answer.
const IGNORED_FIELDS = new Set(
  'model user metadata store service_tier safety_identifier prompt_cache_key'.split(' '),
)

/** Checks a request and translates it. @throws HadalError `bad_request`, naming the field */
export function checkRequest(params: unknown): CheckedRequest {
  const body = optionalObject('request', params)
  if (!body) throw badField('request', 'is missing')
  refuseUnknown(body)
  const stream = optionalBoolean('stream', body.stream) ?? false
  const options = optionalObject('stream_options', body.stream_options)
  if (options && !stream) throw badField('stream_options', 'needs `stream: true`')
  const maxTokens = readMaxTokens(body)
  const thinking = readThinking(body)
  const stop = readStop(body.stop)
  const logprobs = readLogprobs(body)
  const request: GenerateRequest = {
    input: { messages: readMessages(body.messages) },
    sampling: readSampling(body),
    ...(maxTokens !== undefined && { maxTokens }),
    ...(thinking !== undefined && { thinking }),
    ...(stop.length > 0 && { stop }),
    ...(logprobs !== undefined && { logprobs }),
  }
  const includeUsage = optionalBoolean('stream_options.include_usage', options?.include_usage) ?? false
  return { request, stream, includeUsage }
}

function refuseUnknown(body: Record<string, unknown>): void {
  const present = Object.keys(body).filter((field) => body[field] !== undefined && body[field] !== null)
  const unknown = present.find((field) => !SUPPORTED_FIELDS.has(field) && !IGNORED_FIELDS.has(field))
  if (unknown) {
    throw badField(
      unknown,
      'is not supported',
      `Leave it out. Supported: ${[...SUPPORTED_FIELDS].join(', ')}.`,
    )
  }
  if (body.n !== undefined && body.n !== null && body.n !== 1) {
    throw badField(
      'n',
      `must be 1, not ${formatValue(body.n)}`,
      'Send several requests with different seeds.',
    )
  }
}

function readMessages(value: unknown): ChatMessage[] {
  if (!Array.isArray(value) || value.length === 0)
    throw badField('messages', 'must be a list with at least one message')
  return value.map((item: unknown, index) => {
    const field = `messages[${index}]`
    const message = optionalObject(field, item)
    if (!message) throw badField(field, 'is missing')
    return { role: readRole(field, message.role), content: readContent(`${field}.content`, message.content) }
  })
}

function readRole(field: string, role: unknown): ChatMessage['role'] {
  if (role === 'developer') return 'system'
  if (role === 'system' || role === 'user' || role === 'assistant') return role
  throw badField(`${field}.role`, `must be "system", "user" or "assistant", not ${formatValue(role)}`)
}

function readContent(field: string, content: unknown): string {
  if (typeof content === 'string') return content
  if (!Array.isArray(content))
    throw badField(field, `must be a string or a list of text parts, not ${formatValue(content)}`)
  const texts = content.map((item: unknown, index) => {
    const part = optionalObject(`${field}[${index}]`, item)
    if (part?.type === 'text' && typeof part.text === 'string') return part.text
    throw badField(
      `${field}[${index}]`,
      'must be { type: "text", text }',
      'Images and audio are not supported.',
    )
  })
  return texts.join('')
}

function readSampling(body: Record<string, unknown>): Partial<SamplingOptions> {
  const numbers = Object.entries(SAMPLING_RANGES).map(([name, [field, ...range]]) => {
    return [name, optionalNumber(field, body[field], ...range)]
  })
  return definedFields<SamplingOptions>({
    ...Object.fromEntries(numbers),
    logitBias: readLogitBias(body.logit_bias),
  })
}

function readLogitBias(value: unknown): SamplingOptions['logitBias'] | undefined {
  const biases = optionalObject('logit_bias', value)
  return (
    biases &&
    Object.entries(biases).map(([id, bias]) => {
      const field = `logit_bias[${formatValue(id)}]`
      if (!/^\d{1,9}$/.test(id)) throw badField(field, 'must have a token id as its key')
      return [Number(id), optionalNumber(field, bias, -MAX_LOGIT_BIAS, MAX_LOGIT_BIAS) ?? 0]
    })
  )
}

function readMaxTokens(body: Record<string, unknown>): number | undefined {
  const newer = optionalInteger('max_completion_tokens', body.max_completion_tokens, 1, MAX_U32)
  const older = optionalInteger('max_tokens', body.max_tokens, 1, MAX_U32)
  return newer ?? older
}

function readThinking(body: Record<string, unknown>): boolean | undefined {
  const template = optionalObject('chat_template_kwargs', body.chat_template_kwargs)
  const unknown = Object.keys(template ?? {}).find((name) => name !== 'enable_thinking')
  if (unknown)
    throw badField(`chat_template_kwargs.${unknown}`, 'is not supported', 'Use enable_thinking only.')
  const enabled = optionalBoolean('chat_template_kwargs.enable_thinking', template?.enable_thinking)
  return optionalBoolean('thinking', body.thinking) ?? enabled
}

function readStop(value: unknown): readonly string[] {
  if (value === undefined || value === null) return []
  const list: readonly unknown[] = Array.isArray(value) ? value : [value]
  if (list.length > MAX_STOPS)
    throw badField('stop', `may have ${MAX_STOPS} strings at most, not ${list.length}`)
  return list.map((item) => {
    if (typeof item === 'string' && item !== '') return item
    throw badField('stop', 'must be a string or a list of strings, none of them empty')
  })
}

function readLogprobs(body: Record<string, unknown>): number | undefined {
  const wanted = optionalBoolean('logprobs', body.logprobs) ?? false
  const top = optionalInteger('top_logprobs', body.top_logprobs, 0, MAX_ALTERNATIVES)
  if (top !== undefined && !wanted) throw badField('top_logprobs', 'needs `logprobs: true`')
  return wanted ? (top ?? 0) : undefined
}
