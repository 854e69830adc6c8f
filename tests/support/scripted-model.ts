// A model that gives scripted answers, calls of tools among them, and notes the requests.
import type {
  ChatCompletion,
  ChatCompletionChunk,
  ChatCompletionCreateParams,
  ChatCompletionDelta,
  ChatCompletionFinishReason,
  CompletionUsage,
  HadalTimings,
} from '../../src/api/types/chat.ts'
import type { CompletionCreateParams } from '../../src/api/types/completions.ts'
import type { EmbeddingCreateParams } from '../../src/api/types/embeddings.ts'
import type { Model } from '../../src/api/types/model.ts'
import { throwIfAborted } from '../../src/lib/error.ts'

/** One answer: its thinking, text and calls, in the order in which they are streamed. */
export interface ScriptedAnswer {
  readonly reasoning?: string
  readonly content?: string
  readonly calls?: readonly { readonly name: string; readonly arguments: string }[]
  readonly finishReason?: ChatCompletionFinishReason // default: as the calls say
}

const USAGE: CompletionUsage = {
  prompt_tokens: 9,
  completion_tokens: 6,
  total_tokens: 15,
  prompt_tokens_details: { cached_tokens: 4 },
  completion_tokens_details: { reasoning_tokens: 2 },
}

const TIMINGS: HadalTimings = {
  prefill_ms: 12,
  decode_ms: 250,
  prompt_tokens: 9,
  cached_tokens: 4,
  tokens: 6,
  tokens_per_second: 20,
  dispatches_per_token: 40,
  readbacks_per_token: 1,
  kv_cache: { tokens: 15, bytes: 73_728, standard_bytes: 76_800 },
}

const HEAD = { created: 1_700_000_000, model: 'Anglerfish' }
const headOf = (turn: number) => ({ id: `chatcmpl-${turn}`, ...HEAD }) // clients merge messages by id

/** A model that gives these answers, one for each chat. */
export function scriptedModel(answers: readonly ScriptedAnswer[]) {
  const chats: ChatCompletionCreateParams[] = []
  const others: (CompletionCreateParams | EmbeddingCreateParams)[] = []
  const chat = async (params: ChatCompletionCreateParams, options: { signal?: AbortSignal } = {}) => {
    throwIfAborted(options.signal)
    chats.push(params)
    const answer = answers[chats.length - 1] ?? {}
    return params.stream
      ? streamOf(chunksOf(answer, params, chats.length))
      : completionOf(answer, chats.length)
  }
  const model = {
    id: HEAD.model,
    chat: { completions: { create: chat } },
    completions: {
      async create(params: CompletionCreateParams) {
        others.push(params)
        const choices = [{ index: 0, text: 'in the deep', finish_reason: 'stop', logprobs: null }]
        const body = { ...headOf(0), object: 'text_completion', choices, usage: USAGE, hadal: TIMINGS }
        return params.stream ? streamOf([body]) : body
      },
    },
    embeddings: {
      async create(params: EmbeddingCreateParams) {
        others.push(params)
        const inputs = [params.input].flat()
        const data = inputs.map((_, index) => ({
          object: 'embedding',
          index,
          embedding: vector(params, index),
        }))
        return { object: 'list', data, model: HEAD.model, usage: { prompt_tokens: 3, total_tokens: 3 } }
      },
    },
    models: {
      list: async () => ({
        object: 'list',
        data: [{ id: HEAD.model, object: 'model', created: HEAD.created, owned_by: 'hadal' }],
      }),
    },
    tokenize: async () => [1, 2, 3],
    countTokens: async () => 3,
    unload: async () => {},
    lost: new Promise(() => {}),
  }
  return { model: model as unknown as Model, chats, others }
}

function vector({ encoding_format: format }: EmbeddingCreateParams, index: number): number[] | string {
  const numbers = Float32Array.of(index, 0.5, -2)
  return format === 'base64' ? Buffer.from(numbers.buffer).toString('base64') : [...numbers]
}

const callsOf = ({ calls = [] }: ScriptedAnswer, turn: number) =>
  calls.map((call, index) => ({
    id: `call_${turn}_${index}`,
    type: 'function' as const,
    function: { ...call },
  }))

const finishReasonOf = ({ calls = [], finishReason }: ScriptedAnswer): ChatCompletionFinishReason =>
  finishReason ?? (calls.length > 0 ? 'tool_calls' : 'stop')

function completionOf(answer: ScriptedAnswer, turn: number): ChatCompletion {
  const { reasoning = null, content = null } = answer
  const calls = callsOf(answer, turn)
  const message = {
    role: 'assistant',
    content,
    reasoning_content: reasoning,
    ...(calls.length > 0 && { tool_calls: calls }),
    refusal: null,
  } as const
  const choices = [{ index: 0, message, finish_reason: finishReasonOf(answer), logprobs: null } as const]
  return {
    ...headOf(turn),
    object: 'chat.completion',
    choices: [...choices],
    usage: USAGE,
    hadal: { ...TIMINGS, token_ids: [7] },
  }
}

function chunksOf(
  answer: ScriptedAnswer,
  { stream_options: options }: ChatCompletionCreateParams,
  turn: number,
): ChatCompletionChunk[] {
  const chunk = (
    delta: ChatCompletionDelta,
    finish_reason: ChatCompletionFinishReason | null = null,
  ): ChatCompletionChunk => ({
    ...headOf(turn),
    object: 'chat.completion.chunk',
    choices: [{ index: 0, delta, finish_reason, logprobs: null }],
  })
  const halves = (text = '') =>
    text === '' ? [] : [text.slice(0, text.length >> 1), text.slice(text.length >> 1)]
  return [
    chunk({ role: 'assistant', content: '' }),
    ...halves(answer.reasoning).map((text) => chunk({ reasoning_content: text })),
    ...halves(answer.content).map((text) => chunk({ content: text })),
    ...callsOf(answer, turn).map((call, index) => chunk({ tool_calls: [{ ...call, index }] })),
    { ...chunk({}, finishReasonOf(answer)), hadal: TIMINGS },
    ...(options?.include_usage ? [{ ...chunk({}), choices: [], usage: USAGE }] : []),
  ]
}

/** A stream that can be read once. */
function streamOf<T>(values: readonly T[]): AsyncIterableIterator<T, undefined> {
  const left = values.values()
  return {
    [Symbol.asyncIterator]() {
      return this
    },
    async next() {
      const { done, value } = left.next()
      return done ? { done, value: undefined } : { done: false, value }
    },
    async return() {
      return { done: true, value: undefined }
    },
  }
}
