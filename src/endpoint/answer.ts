// Reads what chats and text completions of a server have in common: counts, reasons, log-probabilities.
import type {
  ChatCompletionFinishReason,
  ChatCompletionLogprobs,
  ChatCompletionTokenLogprob,
  CompletionUsage,
  TopLogprob,
} from '../api/openai-types.ts'
import { type FieldError, Fields } from '../lib/fields.ts'
import { formatValue } from '../lib/format.ts'
import { BadAnswerError } from './exchange.ts'

const invalidField: FieldError = (path, rule, value) =>
  new BadAnswerError(
    `The server's answer is wrong: \`${path || 'answer'}\` ${rule}, not ${formatValue(value)}.`,
  )

/** The fields of a server's answer; errors are `network` and name the field. */
export const answerFields = (json: unknown): Fields => new Fields(json, invalidField)

/** A string; undefined if it is absent. */
export function optionalText(fields: Fields, key: string): string | undefined {
  const value = fields.get(key)
  if (value === undefined || typeof value === 'string') return value
  throw fields.error(key, 'must be a string', value)
}

/** What every answer and chunk repeats. @param model its name, if the server has none */
export function readHeader(fields: Fields, model: string) {
  return {
    id: optionalText(fields, 'id') ?? '',
    created: fields.number('created', 0, Number.MAX_SAFE_INTEGER, Math.floor(Date.now() / 1000)),
    model: optionalText(fields, 'model') || model,
  }
}

const countOf = (fields: Fields | undefined, key: string): number =>
  fields?.count(key, 0, Number.MAX_SAFE_INTEGER, 0) ?? 0

/** Token counts; 0 for what the server does not count. */
export function readUsage(usage: Fields | undefined): CompletionUsage {
  const prompt = countOf(usage, 'prompt_tokens')
  const completion = countOf(usage, 'completion_tokens')
  return {
    prompt_tokens: prompt,
    completion_tokens: completion,
    total_tokens: countOf(usage, 'total_tokens') || prompt + completion,
    prompt_tokens_details: {
      cached_tokens:
        countOf(usage?.object('prompt_tokens_details'), 'cached_tokens') ||
        countOf(usage, 'prompt_cache_hit_tokens'), // DeepSeek's API
    },
    completion_tokens_details: {
      reasoning_tokens:
        countOf(usage?.object('completion_tokens_details'), 'reasoning_tokens') ||
        countOf(usage, 'reasoning_tokens'), // SGLang
    },
  }
}

const FINISH_REASONS: Readonly<Record<string, ChatCompletionFinishReason>> = {
  stop: 'stop',
  eos: 'stop',
  eos_token: 'stop',
  stop_sequence: 'stop',
  length: 'length',
  tool_calls: 'tool_calls',
  function_call: 'tool_calls',
}

/**
 * Why a choice ended; null while it goes on. @throws HadalError `network` for any other reason: the answer is
 * not whole then
 */
export function readFinishReason(choice: Fields): ChatCompletionFinishReason | null {
  const reason = optionalText(choice, 'finish_reason')
  if (reason === undefined) return null
  const known = Object.hasOwn(FINISH_REASONS, reason) ? FINISH_REASONS[reason] : undefined
  if (known) return known
  throw new BadAnswerError(`The server ended the answer early: ${formatValue(reason)}.`)
}

/** Log-probabilities of a chat's tokens. Servers do not tell those of the thinking part apart. */
export function readLogprobs(choice: Fields): ChatCompletionLogprobs | null {
  const logprobs = choice.object('logprobs')
  if (!logprobs) return null
  return { content: readTokens(logprobs), reasoning_content: [], refusal: null }
}

/** The list `content` of log-probabilities, as chats have it. */
export function readTokens(logprobs: Fields): ChatCompletionTokenLogprob[] {
  if (!logprobs.has('content')) return []
  return logprobs.objects('content').map((token) => ({
    ...readToken(token),
    top_logprobs: token.has('top_logprobs') ? token.objects('top_logprobs').map(readToken) : [],
  }))
}

function readToken(token: Fields): TopLogprob {
  return {
    token: optionalText(token, 'token') ?? '',
    logprob: token.number('logprob', -Number.MAX_VALUE, Number.MAX_VALUE),
    bytes: token.has('bytes') ? numbers(token, 'bytes') : null,
  }
}

/** A list of finite numbers. */
export function numbers(fields: Fields, key: string): number[] {
  return fields.list(key).map((value) => {
    if (typeof value === 'number' && Number.isFinite(value)) return value
    throw fields.error(key, 'must be a list of numbers', value)
  })
}
