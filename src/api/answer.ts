// Answers: how do the engine's events become OpenAI's chunks, or one completion? Pure: an event list in, shapes out.
// It must not know where events come from.
import { present } from '../lib/error.ts'
import type { GenerateDelta, GenerateDone, GenerateEvent, KvUse, TokenLogprob } from '../worker/protocol.ts'
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
} from './shapes.ts'

/** What every chunk of an answer repeats. */
export interface AnswerHead {
  readonly id: string
  readonly created: number
  readonly model: string
}

/** The chunk that opens every stream: who speaks, and no text yet. */
export function openingChunk(head: AnswerHead): ChatCompletionChunk {
  return chunk(head, { role: 'assistant', content: '' })
}

/** The chunks for one event: one piece of text, or the finish reason and, when asked for, the usage. */
export function chunksOf(
  head: AnswerHead,
  event: GenerateEvent,
  includeUsage: boolean,
): ChatCompletionChunk[] {
  if (event.type === 'delta') return [deltaChunk(head, event)]
  const last = { ...chunk(head, {}, finishReason(event)), hadal: timings(event) }
  return includeUsage ? [last, { ...chunk(head, {}), choices: [], usage: usage(event) }] : [last]
}

/** The whole answer from all its events. */
export function completionOf(head: AnswerHead, events: readonly GenerateEvent[]): ChatCompletion {
  const deltas = events.filter((event) => event.type === 'delta')
  const done = present(
    events.find((event) => event.type === 'done'),
    'the last event of an answer',
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
  head: AnswerHead,
  delta: ChatCompletionDelta,
  finish_reason: ChatCompletionFinishReason | null = null,
  logprobs: ChatCompletionLogprobs | null = null,
): ChatCompletionChunk {
  return { ...head, object: 'chat.completion.chunk', choices: [{ index: 0, delta, finish_reason, logprobs }] }
}

function deltaChunk(head: AnswerHead, event: GenerateDelta): ChatCompletionChunk {
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

// An answer that was cut off by a cancelled signal never gets here: the iterator has rejected by then.
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

function kvCache({ tokens, bytes, standardBytes }: KvUse): KvCacheUse {
  return { tokens, bytes, standard_bytes: standardBytes }
}

/** Null where none were asked for. */
function logprobsOf(deltas: readonly GenerateDelta[]): ChatCompletionLogprobs | null {
  const all = deltas.flatMap(({ logprobs = [] }) => logprobs)
  const part = (thinking: boolean) => all.filter((each) => each.thinking === thinking).map(tokenLogprob)
  return all.length > 0 ? { content: part(false), reasoning_content: part(true) } : null
}

// A token may be part of a character, which its text cannot tell: `bytes` is null rather than wrong.
function tokenLogprob({ token, logprob, top }: TokenLogprob): ChatCompletionTokenLogprob {
  const top_logprobs = top.map(({ token, logprob }) => ({ token, logprob, bytes: null }))
  return { token, logprob, bytes: null, top_logprobs }
}
