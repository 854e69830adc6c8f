// How certain a model was of an answer, from the log-probabilities of its tokens.
import type { ChatCompletionLogprobs } from '../api/types/chat.ts'

/**
 * Self-certainty of an answer, higher is more certain; undefined without log-probabilities. With
 * `top_logprobs` it is the mean over all tokens of −1/k · Σ log p of the k most probable ones. That grows as
 * a distribution gets further from a uniform one (Kang et al. 2025; over the top k as in DeepConf, Fu et al.
 * 2025). Without, it is the mean log-probability of the tokens. Thinking counts like the answer.
 */
export function certaintyOf(logprobs: ChatCompletionLogprobs | null | undefined): number | undefined {
  const tokens = [...(logprobs?.reasoning_content ?? []), ...(logprobs?.content ?? [])]
  return meanOf(
    tokens.map(({ logprob, top_logprobs: top }) =>
      top.length > 1 ? -(meanOf(top.map((other) => other.logprob)) ?? 0) : logprob,
    ),
  )
}

/** The mean of some numbers; undefined of none. */
export function meanOf(numbers: readonly number[]): number | undefined {
  return numbers.length === 0 ? undefined : numbers.reduce((sum, number) => sum + number, 0) / numbers.length
}
