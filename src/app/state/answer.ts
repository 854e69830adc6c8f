// How an answer grows with each chunk of a stream, and what it is in the end.
import type { ChatCompletionDelta, HadalProgress, HadalTimings } from '../../index.ts'
import type { Answer } from '../conversations/types.ts'

/** When thinking began, by id of the answer; for answers that are being written. */
const thinkingBegan = new Map<string, number>()

/** Milliseconds since the page was opened; undefined for an answer that is not thinking here. */
export const thinkingSince = (id: string): number | undefined => thinkingBegan.get(id)

/** Adds a chunk. `before`: tokens of the answer that this request goes on with; `now` in milliseconds. */
export function appendChunk(
  answer: Answer,
  { reasoning_content: thinking = '', content: text = '' }: ChatCompletionDelta,
  { tokens, tokens_per_second: tokensPerSecond }: HadalProgress,
  before: number,
  now = performance.now(),
): Answer {
  if (thinking !== '' && !thinkingBegan.has(answer.id)) thinkingBegan.set(answer.id, now)
  const next = { ...answer, thinking: answer.thinking + thinking, text: answer.text + text }
  const status = next.text !== '' ? 'writing' : next.thinking !== '' ? 'thinking' : answer.status
  return {
    ...next,
    status,
    thinkingMs: answer.thinkingMs + (status === 'writing' ? endThinking(answer.id, now) : 0),
    tokens: before + tokens,
    tokensPerSecond,
  }
}

/** Completes an answer. `cut`: a limit ended it. */
export function finish(
  answer: Answer,
  { tokens, tokens_per_second: tokensPerSecond, ...timings }: HadalTimings,
  cut: boolean,
  before: number,
  now = performance.now(),
): Answer {
  return {
    ...answer,
    status: 'done',
    cut,
    thinkingMs: answer.thinkingMs + endThinking(answer.id, now),
    tokens: before + tokens,
    tokensPerSecond,
    promptTokens: timings.prompt_tokens,
    cachedTokens: timings.cached_tokens,
  }
}

/** The duration of the thinking that ends now; 0 if there is none. */
function endThinking(id: string, now: number): number {
  const began = thinkingBegan.get(id)
  thinkingBegan.delete(id)
  return began === undefined ? 0 : now - began
}
