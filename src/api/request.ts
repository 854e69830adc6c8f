// Checks an OpenAI-shaped request and translates it for the engine. Unsupported fields are refused.
import {
  badField,
  definedFields,
  type FieldReader,
  flag,
  numberIn,
  readField,
  readFields,
  requestFields,
  wholeNumber,
} from '../lib/check.ts'
import type { Fields } from '../lib/fields.ts'
import { formatValue } from '../lib/format.ts'
import {
  ANSWER_OPTIONS,
  type ChatMessage,
  type GenerateRequest,
  MAX_ALTERNATIVES,
  MAX_LOGIT_BIAS,
  mapOptions,
  type NumericOption,
  SAMPLING_OPTIONS,
  type SamplingOptions,
} from '../worker/protocol.ts'
import type { ChatCompletionCreateParams } from './openai-types.ts'

export { ANSWER_OPTIONS, SAMPLING_OPTIONS }

/** A request that has been checked and translated. */
export interface CheckedRequest {
  readonly request: GenerateRequest
  readonly stream: boolean
  readonly includeUsage: boolean
}

const MAX_STOPS = 16

/** One reader for each field of a request. */
const READERS = {
  messages: readMessages,
  model: (fields, key) => fields.get(key),
  stream: flag,
  stream_options: readStreamOptions,
  ...numericReaders(SAMPLING_OPTIONS),
  ...numericReaders(ANSWER_OPTIONS),
  max_completion_tokens: numberIn(ANSWER_OPTIONS.maxTokens),
  logit_bias: readLogitBias,
  stop: readStop,
  logprobs: flag,
  top_logprobs: wholeNumber(0, MAX_ALTERNATIVES),
  n: readN,
  thinking: flag,
  chat_template_kwargs: readTemplateOptions,
} satisfies { readonly [Field in keyof Required<ChatCompletionCreateParams>]: FieldReader<unknown> }

/** The values that the readers return, by field. */
type RequestValues = {
  readonly [Field in keyof ChatCompletionCreateParams]?: ReturnType<(typeof READERS)[Field]>
}

// Accepted: they do not change the answer.
const IGNORED_FIELDS = new Set(
  'user metadata store service_tier safety_identifier prompt_cache_key'.split(' '),
)

type FieldOf<Options> = Options[keyof Options] extends { readonly field: infer Field extends string }
  ? Field
  : never

/** Readers for a table of options, by the names of their fields. */
function numericReaders<const Options extends Readonly<Record<string, NumericOption>>>(options: Options) {
  const readers = Object.values(options).map((option) => [option.field, numberIn(option)])
  return Object.fromEntries(readers) as Record<FieldOf<Options>, FieldReader<number>>
}

/** Checks a request and translates it. @throws HadalError `bad_request`, naming the field */
export function checkRequest(params: unknown): CheckedRequest {
  const fields = requestFields(params)
  refuseUnknown(fields)
  const values: RequestValues = readFields(fields, READERS)
  const { stream = false, stream_options: streamOptions, messages, stop = [] } = values
  if (!messages) throw badField('messages', NO_MESSAGES)
  if (streamOptions && !stream) throw badField('stream_options', 'needs `stream: true`')
  const request: GenerateRequest = {
    input: { messages },
    sampling: definedFields<SamplingOptions>({
      ...mapOptions(SAMPLING_OPTIONS, ({ field }) => values[field]),
      logitBias: values.logit_bias,
    }),
    ...definedFields<Omit<GenerateRequest, 'input'>>({
      ...mapOptions(ANSWER_OPTIONS, ({ field }) => values[field]),
      maxTokens: values.max_completion_tokens ?? values.max_tokens,
      thinking: values.thinking ?? values.chat_template_kwargs,
      stop: stop.length > 0 ? stop : undefined,
      logprobs: logprobsOf(values),
    }),
  }
  return { request, stream, includeUsage: streamOptions?.include_usage ?? false }
}

function refuseUnknown(fields: Fields): void {
  const isKnown = (field: string) => Object.hasOwn(READERS, field) || IGNORED_FIELDS.has(field)
  const unknown = fields.keys().find((field) => fields.has(field) && !isKnown(field))
  if (unknown === undefined) return
  const supported = Object.keys(READERS).join(', ')
  throw badField(unknown, 'is not supported', `Leave it out. Supported: ${supported}.`)
}

const NO_MESSAGES = 'must be a list with at least one message'

function readMessages(fields: Fields, key: string): readonly ChatMessage[] {
  const messages = fields.objects(key)
  if (messages.length === 0) throw badField(key, NO_MESSAGES)
  return messages.map((message) => ({ role: readRole(message), content: readContent(message) }))
}

function readRole(message: Fields): ChatMessage['role'] {
  const role = message.choice('role', ['system', 'developer', 'user', 'assistant'])
  return role === 'developer' ? 'system' : role
}

function readContent(message: Fields): string {
  const content = message.get('content')
  if (typeof content === 'string') return content
  if (!Array.isArray(content))
    throw message.error('content', 'must be a string or a list of text parts', content)
  return message.objects('content').map(readTextPart).join('')
}

function readTextPart(part: Fields): string {
  const text = part.get('text')
  if (part.get('type') === 'text' && typeof text === 'string') return text
  throw badField(part.path, 'must be { type: "text", text }', 'Images and audio are not supported.')
}

function readStreamOptions(fields: Fields, key: string): { readonly include_usage?: boolean } {
  return readFields(fields.requiredObject(key), { include_usage: flag })
}

function readLogitBias(fields: Fields, key: string): SamplingOptions['logitBias'] {
  const biases = fields.requiredObject(key)
  const readBias = numberIn({ min: -MAX_LOGIT_BIAS, max: MAX_LOGIT_BIAS })
  return biases.keys().map((id) => {
    const field = `${key}[${formatValue(id)}]`
    if (!/^\d{1,9}$/.test(id)) throw badField(field, 'must have a token id as its key')
    return [Number(id), readField(field, biases.get(id), readBias) ?? 0]
  })
}

function readStop(fields: Fields, key: string): readonly string[] {
  const value = fields.get(key)
  const list: readonly unknown[] = Array.isArray(value) ? value : [value]
  if (list.length > MAX_STOPS)
    throw badField(key, `may have ${MAX_STOPS} strings at most, not ${list.length}`)
  return list.map((item) => {
    if (typeof item === 'string' && item !== '') return item
    throw badField(key, 'must be a string or a list of strings, none of them empty')
  })
}

function readN(fields: Fields, key: string): 1 {
  const value = fields.get(key)
  if (value === 1) return value
  throw badField(key, `must be 1, not ${formatValue(value)}`, 'Send several requests with different seeds.')
}

function readTemplateOptions(fields: Fields, key: string): boolean | undefined {
  const options = fields.requiredObject(key)
  const unknown = options.keys().find((name) => name !== 'enable_thinking')
  if (unknown !== undefined)
    throw badField(`${key}.${unknown}`, 'is not supported', 'Use enable_thinking only.')
  return readFields(options, { enable_thinking: flag }).enable_thinking
}

function logprobsOf({ logprobs = false, top_logprobs: top }: RequestValues): number | undefined {
  if (top !== undefined && !logprobs) throw badField('top_logprobs', 'needs `logprobs: true`')
  return logprobs ? (top ?? 0) : undefined
}
