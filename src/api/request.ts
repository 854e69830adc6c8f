// Checks an OpenAI-shaped chat request and translates it for the engine. Unsupported fields are refused.
import {
  badField,
  definedFields,
  type FieldReader,
  flag,
  numberIn,
  oneOf,
  readFields,
  wholeNumber,
} from '../lib/check.ts'
import type { Fields } from '../lib/fields.ts'
import {
  ANSWER_OPTIONS,
  type GenerateRequest,
  MAX_ALTERNATIVES,
  SAMPLING_OPTIONS,
} from '../worker/protocol.ts'
import {
  type CheckedRequest,
  COMMON_READERS,
  commonRequest,
  deliveryOf,
  knownFields,
  requestsFor,
} from './common-fields.ts'
import { noMessages, readMessages } from './messages.ts'
import type { ChatCompletionCreateParams } from './openai-types.ts'
import { readToolChoice, readTools, toolOptions } from './tools.ts'

export { ANSWER_OPTIONS, SAMPLING_OPTIONS }

/** One reader for each field of a request. */
const READERS = {
  ...COMMON_READERS,
  messages: readMessages,
  max_completion_tokens: numberIn(ANSWER_OPTIONS.maxTokens),
  logprobs: flag,
  top_logprobs: wholeNumber(0, MAX_ALTERNATIVES),
  tools: readTools,
  tool_choice: readToolChoice,
  parallel_tool_calls: flag,
  thinking: flag,
  reasoning_effort: oneOf(['none', 'minimal', 'low', 'medium', 'high', 'xhigh']),
  chat_template_kwargs: readTemplateOptions,
} satisfies { readonly [Field in keyof Required<ChatCompletionCreateParams>]: FieldReader<unknown> }

/** The values that the readers return, by field. */
type RequestValues = {
  readonly [Field in keyof ChatCompletionCreateParams]?: ReturnType<(typeof READERS)[Field]>
}

/** Checks a request and translates it. @throws HadalError `bad_request`, naming the field */
export function checkRequest(params: unknown): CheckedRequest {
  const values: RequestValues = readFields(knownFields(params, READERS), READERS)
  const { messages } = values
  if (!messages) throw noMessages('messages')
  const request: GenerateRequest = {
    ...commonRequest({ ...values, max_tokens: values.max_completion_tokens ?? values.max_tokens }),
    input: { messages: messages.messages },
    ...definedFields<Omit<GenerateRequest, 'input'>>({
      thinking: values.thinking ?? values.chat_template_kwargs ?? thinkingOf(values.reasoning_effort),
      effort: values.reasoning_effort,
      logprobs: logprobsOf(values),
      continueFinal: messages.continueFinal || undefined,
      ...toolOptions(values),
    }),
  }
  return { requests: requestsFor(request, values.n), ...deliveryOf(values) }
}

function readTemplateOptions(fields: Fields, key: string): boolean | undefined {
  const options = fields.requiredObject(key)
  const unknown = options.keys().find((name) => name !== 'enable_thinking')
  if (unknown !== undefined)
    throw badField(`${key}.${unknown}`, 'is not supported', 'Use enable_thinking only.')
  return readFields(options, { enable_thinking: flag }).enable_thinking
}

/** An effort of none turns thinking off; how long a model thinks otherwise is up to it. */
const thinkingOf = (effort: string | undefined): false | undefined => (effort === 'none' ? false : undefined)

function logprobsOf({ logprobs = false, top_logprobs: top }: RequestValues): number | undefined {
  if (top !== undefined && !logprobs) throw badField('top_logprobs', 'needs `logprobs: true`')
  return logprobs ? (top ?? 0) : undefined
}
