// Types of OpenAI's text completions: a raw text or token ids in, their continuation out.
import type {
  ChatCompletionChunk,
  CompletionUsage,
  HadalExperts,
  HadalTimings,
  SamplingParams,
} from './chat.ts'

/** A request for the continuation of a text. Other fields are refused, as in chats. */
export interface CompletionCreateParams extends SamplingParams {
  /** A text, its token ids, or a list of either; each gets `n` choices. */
  prompt: string | readonly string[] | readonly number[] | readonly (readonly number[])[]
  /** Accepted and ignored: the model is the one that was loaded. */
  model?: string
  stream?: boolean | null
  stream_options?: { include_usage?: boolean; include_obfuscation?: boolean } | null
  /** true: the text of a choice begins with its prompt. */
  echo?: boolean | null
  /** Alternatives to report for each token, 0 to 20. */
  logprobs?: number | null
}

export interface CompletionCreateParamsStreaming extends CompletionCreateParams {
  stream: true
}

export interface CompletionCreateParamsNonStreaming extends CompletionCreateParams {
  stream?: false | null
}

export interface CompletionLogprobs {
  tokens: string[]
  token_logprobs: number[]
  top_logprobs: Record<string, number>[]
  /** Where each token begins in the text of the choice, in UTF-16 code units. */
  text_offset: number[]
}

export interface CompletionChoice {
  index: number
  text: string
  finish_reason: 'stop' | 'length'
  logprobs: CompletionLogprobs | null
}

/** A completion. Chunks of a stream have the same form; their `finish_reason` is null but for the last. */
export interface Completion {
  id: string
  object: 'text_completion'
  created: number
  model: string
  choices: CompletionChoice[]
  usage: CompletionUsage
  /** Missing where a server answered. */
  hadal?: (HadalTimings & { token_ids: number[]; experts?: HadalExperts }) | undefined
}

export interface CompletionChunk extends Omit<Completion, 'choices' | 'usage' | 'hadal'> {
  choices: (Omit<CompletionChoice, 'finish_reason'> & { finish_reason: 'stop' | 'length' | null })[]
  usage?: CompletionUsage | null
  hadal?: ChatCompletionChunk['hadal']
}

/** A streamed completion. It can be read once; leaving the loop cancels the rest. */
export type CompletionStream = AsyncIterableIterator<CompletionChunk, undefined>
