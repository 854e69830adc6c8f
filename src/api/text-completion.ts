// Turns the engine's events into OpenAI's text completions, whole or in chunks. Pure functions.
import type { GenerateDelta, GenerateDone, GenerateEvent } from '../worker/protocol.ts'
import type { ChunkShape } from './choice-stream.ts'
import { type CompletionHeader, deltasOf, doneOf, progress, resultOf, timings, usage } from './completion.ts'
import type { Completion, CompletionChunk, CompletionLogprobs } from './openai-types.ts'

export { checkTextRequest } from './text-request.ts'

export interface TextShape {
  /** The texts that the choices begin with: '' without echo. */
  readonly echoes: readonly string[]
  readonly prompts: number
  readonly includeUsage: boolean
}

/** The chunks of a stream of text completions. */
export function textChunks(
  head: CompletionHeader,
  { echoes, prompts, includeUsage }: TextShape,
): ChunkShape<CompletionChunk> {
  const offsets = echoes.map((echo) => echo.length)
  const chunk = (
    index: number,
    text: string,
    finish_reason: 'stop' | 'length' | null = null,
    logprobs: CompletionLogprobs | null = null,
  ): CompletionChunk => ({
    ...head,
    object: 'text_completion',
    choices: [{ index, text, finish_reason, logprobs }],
  })
  return {
    opening: (index) => (echoes[index] ? [chunk(index, echoes[index])] : []),
    event(index, event) {
      if (event.type === 'done') {
        return [{ ...chunk(index, '', finishReason(event)), hadal: timings([event]) }]
      }
      const at = offsets[index] ?? 0
      offsets[index] = at + event.text.length
      return [{ ...chunk(index, event.text, null, logprobsOf([event], at)), hadal: progress(event) }]
    },
    closing: (done) => (includeUsage ? [{ ...chunk(0, ''), choices: [], usage: usage(done, prompts) }] : []),
  }
}

/** One completion from all events of each choice. */
export function textFromEvents(
  head: CompletionHeader,
  answers: readonly (readonly GenerateEvent[])[],
  { echoes, prompts }: Omit<TextShape, 'includeUsage'>,
): Completion {
  const choices = answers.map((events, index) => {
    const deltas = deltasOf(events)
    const echo = echoes[index] ?? ''
    return {
      index,
      text: echo + deltas.map((delta) => delta.text).join(''),
      finish_reason: finishReason(doneOf(events)),
      logprobs: logprobsOf(deltas, echo.length),
    }
  })
  const used = usage(answers.map(doneOf), prompts)
  return { ...head, object: 'text_completion', choices, usage: used, hadal: resultOf(answers) }
}

const finishReason = (done: GenerateDone): 'stop' | 'length' =>
  done.finishReason === 'length' ? 'length' : 'stop'

/** Null if none were requested. @param start where the text of the first delta begins */
function logprobsOf(deltas: readonly GenerateDelta[], start: number): CompletionLogprobs | null {
  const list: CompletionLogprobs = { tokens: [], token_logprobs: [], top_logprobs: [], text_offset: [] }
  let at = start
  for (const { text, logprobs = [] } of deltas) {
    for (const { token, logprob, top } of logprobs) {
      list.tokens.push(token)
      list.token_logprobs.push(logprob)
      list.top_logprobs.push(Object.fromEntries(top.map((other) => [other.token, other.logprob])))
      list.text_offset.push(at)
    }
    at += text.length
  }
  return list.tokens.length > 0 ? list : null
}
