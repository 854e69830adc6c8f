// The tokens of an answer with their probabilities, alternatives and experts, from the chunks of its stream.
import type { ChatCompletionChunk, ChatCompletionTokenLogprob, HadalTokenExperts } from '../../../index.ts'

/** A token that was likely in this place. */
export interface TokenChoice {
  readonly text: string
  /** The token as UTF-8: a character may be spread over several tokens. */
  readonly bytes: readonly number[]
  readonly logprob: number // natural logarithm
}

/** A token of the answer. */
export interface TokenTrace extends TokenChoice {
  readonly thinking: boolean // whether it is part of the thinking, as its tags are
  readonly top: readonly TokenChoice[] // the most probable first
  readonly experts: HadalTokenExperts | null
}

/** What is known of an answer so far. Of a model without experts `layers` is empty. */
export interface AnswerTrace {
  readonly tokens: readonly TokenTrace[]
  readonly layers: readonly number[] // those with experts
  readonly expertsPerToken: number
}

export const EMPTY_TRACE: AnswerTrace = { tokens: [], layers: [], expertsPerToken: 0 }

/** The trace with the tokens of one more chunk; the same one where the chunk reports none. */
export function withChunk(
  trace: AnswerTrace,
  { choices, hadal }: Pick<ChatCompletionChunk, 'choices' | 'hadal'>,
): AnswerTrace {
  const { reasoning_content: thinking = [], content = [] } = choices[0]?.logprobs ?? {}
  const count = thinking.length + content.length
  if (count === 0) return trace
  const experts = hadal && 'experts' in hadal ? hadal.experts : undefined
  const added = [...thinking, ...content].map(
    (token, index): TokenTrace => ({
      ...choiceOf(token),
      thinking: index < thinking.length,
      top: token.top_logprobs.map(choiceOf),
      experts: experts?.tokens[index] ?? null,
    }),
  )
  return {
    tokens: [...trace.tokens, ...added],
    layers: experts?.layers ?? trace.layers,
    expertsPerToken: experts?.experts_per_token ?? trace.expertsPerToken,
  }
}

const choiceOf = ({
  token,
  bytes,
  logprob,
}: Omit<ChatCompletionTokenLogprob, 'top_logprobs'>): TokenChoice => ({
  text: token,
  bytes: bytes ?? [...new TextEncoder().encode(token)],
  logprob,
})

/** 0 to 1. */
export const probabilityOf = ({ logprob }: TokenChoice): number => Math.min(1, Math.exp(logprob))
