// Records the inside of answers while that is wanted: probabilities, alternatives, experts of their tokens.
import { signal } from '@preact/signals'
import type { ChatCompletionChunk, ModelInfo } from '../../index.ts'
import { type AnswerTrace, EMPTY_TRACE, type TokenChoice, withChunk } from '../experts/state/token-trace.ts'

/** Whether answers are recorded. Off, they cost nothing more. */
export const recording = signal(false)
/** By id of the answer; the latest ones, in this tab's memory. */
export const traces = signal<ReadonlyMap<string, AnswerTrace>>(new Map())

const MAX_TRACES = 20
const ALTERNATIVES = 5

/** What a request asks for so that its answer can be recorded; undefined while nothing is. */
export const recordFields = ({ experts }: ModelInfo) =>
  recording.value
    ? { logprobs: true, top_logprobs: ALTERNATIVES, ...(experts > 0 && { hadal: { experts: true } }) }
    : undefined

export function recordChunk(answer: string, chunk: ChatCompletionChunk): void {
  keep(answer, withChunk(traces.value.get(answer) ?? EMPTY_TRACE, chunk))
}

/** Begins the trace of an answer that has the tokens of another one, up to one in whose place is a choice. */
export function beginTrace(answer: string, other: string, index: number, choice: TokenChoice): void {
  const trace = traces.value.get(other)
  const replaced = trace?.tokens[index]
  if (!trace || !replaced) return
  keep(answer, { ...trace, tokens: [...trace.tokens.slice(0, index), { ...replaced, ...choice }] })
}

function keep(answer: string, trace: AnswerTrace): void {
  const next = new Map(traces.value)
  next.delete(answer) // the latest is last
  next.set(answer, trace)
  for (const id of [...next.keys()].slice(0, -MAX_TRACES)) next.delete(id)
  traces.value = next
}
