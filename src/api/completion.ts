// Turns the engine's events into OpenAI's chat chunks, or into one completion. Pure functions.
import { expectDefined } from '../lib/error.ts'
import type {
  GenerateDelta,
  GenerateDone,
  GenerateEvent,
  KvUsage,
  TokenLogprob,
  ToolCall,
} from '../worker/protocol.ts'
import type { ChunkShape } from './choice-stream.ts'
import type {
  ChatCompletion,
  ChatCompletionChunk,
  ChatCompletionDelta,
  ChatCompletionFinishReason,
  ChatCompletionLogprobs,
  ChatCompletionMessageToolCall,
  ChatCompletionTokenLogprob,
  CompletionUsage,
  HadalExperts,
  HadalProgress,
  HadalTimings,
  KvCacheUse,
} from './openai-types.ts'

/** The fields that every chunk of a completion repeats. */
export interface CompletionHeader {
  readonly id: string
  readonly created: number
  readonly model: string
}

/** A new header. @param kind prefix of the id */
export const completionHeader = (kind: 'chatcmpl' | 'cmpl', model: string): CompletionHeader => ({
  id: `${kind}-${crypto.randomUUID()}`,
  created: Math.floor(Date.now() / 1000),
  model,
})

/** The chunks of a chat stream. */
export function chatChunks(head: CompletionHeader, includeUsage: boolean): ChunkShape<ChatCompletionChunk> {
  const chunk = (
    index: number,
    delta: ChatCompletionDelta,
    finish_reason: ChatCompletionFinishReason | null = null,
    logprobs: ChatCompletionLogprobs | null = null,
  ): ChatCompletionChunk => ({
    ...head,
    object: 'chat.completion.chunk',
    choices: [{ index, delta, finish_reason, logprobs }],
  })
  return {
    opening: (index) => [chunk(index, { role: 'assistant', content: '' })],
    event(index, event) {
      if (event.type === 'done')
        return [{ ...chunk(index, {}, finishReason(event)), hadal: timings([event]) }]
      const delta = {
        ...(event.reasoning !== '' && { reasoning_content: event.reasoning }),
        ...(event.text !== '' && { content: event.text }),
        ...(event.toolCalls && {
          tool_calls: event.toolCalls.map((call) => ({ index: call.index, ...toolCall(call) })),
        }),
      }
      return [{ ...chunk(index, delta, null, logprobsOf([event])), hadal: progress(event) }]
    },
    closing: (done) => (includeUsage ? [{ ...chunk(0, {}), choices: [], usage: usage(done) }] : []),
  }
}

/** One completion from all events of each answer. */
export function completionFromEvents(
  head: CompletionHeader,
  answers: readonly (readonly GenerateEvent[])[],
): ChatCompletion {
  const done = answers.map(doneOf)
  const choices = answers.map((events, index) => {
    const deltas = deltasOf(events)
    const reasoning = deltas.map((delta) => delta.reasoning).join('')
    const text = deltas.map((delta) => delta.text).join('')
    const calls = deltas.flatMap(({ toolCalls = [] }) => toolCalls.map(toolCall))
    return {
      index,
      message: {
        role: 'assistant' as const,
        content: text === '' && calls.length > 0 ? null : text,
        reasoning_content: reasoning === '' ? null : reasoning,
        ...(calls.length > 0 && { tool_calls: calls }),
        refusal: null,
      },
      finish_reason: finishReason(doneOf(events)),
      logprobs: logprobsOf(deltas),
    }
  })
  return { ...head, object: 'chat.completion', choices, usage: usage(done), hadal: resultOf(answers) }
}

export const deltasOf = (events: readonly GenerateEvent[]): GenerateDelta[] =>
  events.filter((event) => event.type === 'delta')

/** How an answer ended. */
export const doneOf = (events: readonly GenerateEvent[]): GenerateDone =>
  expectDefined(
    events.find((event) => event.type === 'done'),
    'the final event of an answer',
  )

/** Timings of all answers, and their ids. */
export const resultOf = (answers: readonly (readonly GenerateEvent[])[]): ChatCompletion['hadal'] => ({
  ...timings(answers.map(doneOf)),
  token_ids: answers.flatMap((events) => deltasOf(events).flatMap((delta) => delta.ids)),
  ...expertsOf(answers.flatMap(deltasOf)),
})

/** Progress of a stream with a piece of text. */
export const progress = (delta: GenerateDelta): HadalProgress => ({
  token_ids: [...delta.ids],
  tokens: delta.tokens,
  tokens_per_second: delta.tokensPerSecond,
  kv_cache: kvCache(delta.kv),
  ...expertsOf([delta]),
})

/** Nothing if none were requested. */
function expertsOf(deltas: readonly GenerateDelta[]): Pick<HadalProgress, 'experts'> {
  const all = deltas.flatMap(({ experts = [] }) => experts)
  const [first] = all
  if (!first) return {}
  const tokens = all.flatMap((part) => part.tokens) as HadalExperts['tokens']
  return { experts: { layers: [...first.layers], experts_per_token: first.expertsPerToken, tokens } }
}

const toolCall = ({ id, name, arguments: text }: ToolCall): ChatCompletionMessageToolCall => ({
  id,
  type: 'function',
  function: { name, arguments: text },
})

// An aborted answer never gets here: its iterator has rejected before.
function finishReason({ finishReason }: GenerateDone): ChatCompletionFinishReason {
  return finishReason === 'abort' ? 'stop' : finishReason
}

const sum = <T>(list: readonly T[], value: (item: T) => number): number =>
  list.reduce((total, item) => total + value(item), 0)

/** The usage of all answers. Those to the same prompt share it: it counts once. */
export function usage(done: readonly GenerateDone[], prompts = 1): CompletionUsage {
  const perPrompt = done.filter((_, index) => index % (done.length / prompts) === 0)
  const prompt_tokens = sum(perPrompt, (answer) => answer.promptTokens)
  const completion_tokens = sum(done, (answer) => answer.tokens)
  return {
    prompt_tokens,
    completion_tokens,
    total_tokens: prompt_tokens + completion_tokens,
    prompt_tokens_details: { cached_tokens: sum(perPrompt, (answer) => answer.cachedTokens) },
    completion_tokens_details: { reasoning_tokens: sum(done, (answer) => answer.reasoningTokens) },
  }
}

/** Times and counts of the answers together; what is per token, and the KV cache, is the last one's. */
export function timings(done: readonly GenerateDone[]): HadalTimings {
  const last = expectDefined(done.at(-1), 'an answer')
  const decodeMs = sum(done, (answer) => answer.decodeMs)
  const decoded = sum(done, (answer) => Math.max(0, answer.tokens - 1))
  return {
    prefill_ms: sum(done, (answer) => answer.prefillMs),
    decode_ms: decodeMs,
    prompt_tokens: last.promptTokens,
    cached_tokens: done[0]?.cachedTokens ?? 0,
    tokens: sum(done, (answer) => answer.tokens),
    tokens_per_second: decodeMs > 0 ? (1000 * decoded) / decodeMs : 0,
    dispatches_per_token: last.dispatchesPerToken,
    readbacks_per_token: last.readbacksPerToken,
    ...draftsOf(done),
    kv_cache: kvCache(last.kv),
    ...(last.reasoning && { reasoning: last.reasoning }),
  }
}

/** Nothing if none were made. */
function draftsOf(done: readonly GenerateDone[]): Pick<HadalTimings, 'drafts'> {
  const all = done.flatMap(({ drafts = [] }) => drafts)
  if (all.length === 0) return {}
  const proposed = sum(all, (drafts) => drafts.proposed)
  return { drafts: { proposed, accepted: sum(all, (drafts) => drafts.accepted) } }
}

function kvCache({ tokens, bytes, standardBytes }: KvUsage): KvCacheUse {
  return { tokens, bytes, standard_bytes: standardBytes }
}

/** Null if none were requested. */
function logprobsOf(deltas: readonly GenerateDelta[]): ChatCompletionLogprobs | null {
  const all = deltas.flatMap(({ logprobs = [] }) => logprobs)
  const part = (thinking: boolean) => all.filter((token) => token.thinking === thinking).map(tokenLogprob)
  return all.length > 0 ? { content: part(false), reasoning_content: part(true), refusal: null } : null
}

function tokenLogprob({ top, ...token }: TokenLogprob): ChatCompletionTokenLogprob {
  const describe = ({ token, logprob, bytes }: Omit<TokenLogprob, 'top' | 'thinking'>) => ({
    token,
    logprob,
    bytes: [...bytes],
  })
  return { ...describe(token), top_logprobs: top.map(describe) }
}
