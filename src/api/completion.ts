// Turns the engine's events into OpenAI's chunks, or into one completion. Pure functions.
import { expectDefined } from '../lib/error.ts'
import type { GenerateDelta, GenerateDone, GenerateEvent, KvUsage, TokenLogprob } from '../worker/protocol.ts'
import type {
  ChatCompletion,
  ChatCompletionChunk,
  ChatCompletionDelta,
  ChatCompletionFinishReason,
  ChatCompletionLogprobs,
  ChatCompletionTokenLogprob,
  CompletionUsage,
  HadalTimings,
  KvCacheUse,
} from './openai-types.ts'

/** The fields that every chunk of a completion repeats. */
export interface CompletionHeader {
  readonly id: string
  readonly created: number
  readonly model: string
}

/** The first chunk of every stream: the role, without text. */
export function openingChunk(head: CompletionHeader): ChatCompletionChunk {
  return chunk(head, { role: 'assistant', content: '' })
}

/**
 * The chunks of one event: a piece of text, or the finish reason followed by the usage if it was requested.
 */
export function eventChunks(
  head: CompletionHeader,
  event: GenerateEvent,
  includeUsage: boolean,
): ChatCompletionChunk[] {
  if (event.type === 'delta') return [deltaChunk(head, event)]
  const last = { ...chunk(head, {}, finishReason(event)), hadal: timings(event) }
  return includeUsage ? [last, { ...chunk(head, {}), choices: [], usage: usage(event) }] : [last]
}

/** One completion from all events of an answer. */
export function completionFromEvents(
  head: CompletionHeader,
  events: readonly GenerateEvent[],
): ChatCompletion {
  const deltas = events.filter((event) => event.type === 'delta')
  const done = expectDefined(
    events.find((event) => event.type === 'done'),
    'the final event of an answer',
  )
  const reasoning = deltas.map((delta) => delta.reasoning).join('')
  return {
    ...head,
    object: 'chat.completion',
    choices: [
      {
        index: 0,
        message: {
          role: 'assistant',
          content: deltas.map((delta) => delta.text).join(''),
          reasoning_content: reasoning === '' ? null : reasoning,
          refusal: null,
        },
        finish_reason: finishReason(done),
        logprobs: logprobsOf(deltas),
      },
    ],
    usage: usage(done),
    hadal: { ...timings(done), token_ids: deltas.flatMap((delta) => delta.ids) },
  }
}

function chunk(
  head: CompletionHeader,
  delta: ChatCompletionDelta,
  finish_reason: ChatCompletionFinishReason | null = null,
  logprobs: ChatCompletionLogprobs | null = null,
): ChatCompletionChunk {
  return { ...head, object: 'chat.completion.chunk', choices: [{ index: 0, delta, finish_reason, logprobs }] }
}

function deltaChunk(head: CompletionHeader, event: GenerateDelta): ChatCompletionChunk {
  const delta = {
    ...(event.reasoning !== '' && { reasoning_content: event.reasoning }),
    ...(event.text !== '' && { content: event.text }),
  }
  const { tokens, tokensPerSecond, kv } = event
  return {
    ...chunk(head, delta, null, logprobsOf([event])),
    hadal: { token_ids: [...event.ids], tokens, tokens_per_second: tokensPerSecond, kv_cache: kvCache(kv) },
  }
}

// An aborted answer never gets here: its iterator has rejected before.
function finishReason({ finishReason }: GenerateDone): ChatCompletionFinishReason {
  return finishReason === 'length' ? 'length' : 'stop'
}

function usage({ promptTokens, cachedTokens, tokens }: GenerateDone): CompletionUsage {
  return {
    prompt_tokens: promptTokens,
    completion_tokens: tokens,
    total_tokens: promptTokens + tokens,
    prompt_tokens_details: { cached_tokens: cachedTokens },
  }
}

function timings(done: GenerateDone): HadalTimings {
  return {
    prefill_ms: done.prefillMs,
    decode_ms: done.decodeMs,
    prompt_tokens: done.promptTokens,
    cached_tokens: done.cachedTokens,
    tokens: done.tokens,
    tokens_per_second: done.decodeMs > 0 ? (1000 * (done.tokens - 1)) / done.decodeMs : 0,
    dispatches_per_token: done.dispatchesPerToken,
    readbacks_per_token: done.readbacksPerToken,
    kv_cache: kvCache(done.kv),
  }
}

function kvCache({ tokens, bytes, standardBytes }: KvUsage): KvCacheUse {
  return { tokens, bytes, standard_bytes: standardBytes }
}

/** Null if none were requested. */
function logprobsOf(deltas: readonly GenerateDelta[]): ChatCompletionLogprobs | null {
  const all = deltas.flatMap(({ logprobs = [] }) => logprobs)
  const part = (thinking: boolean) => all.filter((token) => token.thinking === thinking).map(tokenLogprob)
  return all.length > 0 ? { content: part(false), reasoning_content: part(true) } : null
}

// A token may end inside a character, so its bytes do not follow from its text: `bytes` is null.
function tokenLogprob({ token, logprob, top }: TokenLogprob): ChatCompletionTokenLogprob {
  const top_logprobs = top.map(({ token, logprob }) => ({ token, logprob, bytes: null }))
  return { token, logprob, bytes: null, top_logprobs }
}
