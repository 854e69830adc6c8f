// One of several answers that are decoded together: which row it runs next, and what comes of its results.
import type { TextTokenizer } from '../../text/tokenizer.ts'
import type { GenerateEvent } from '../types.ts'
import { Answer, type AnswerDelta } from './answer.ts'
import type { Batch, BatchRow } from './batch.ts'
import { budgetLimit } from './budgeted-decoder.ts'
import { kvUse } from './generate.ts'
import type { SessionRoom } from './prefix-cache.ts'
import type { Runtime } from './runtime.ts'
import { decodeSampleResult, type SampleResult } from './sample-result.ts'
import { samplingStepFields } from './sampling.ts'
import type { Session } from './session.ts'
import type { GenerateTask } from './task.ts'

interface TogetherParts {
  readonly index: number
  readonly task: GenerateTask
  /** Holds the prompt. */
  readonly session: Session
  readonly sampler: number // of the batch
  readonly batch: Batch
  readonly runtime: Runtime
  readonly tokenizer: TextTokenizer
  readonly cachedTokens: number
  readonly prefillMs: number
}

export class TogetherAnswer {
  readonly session: Session
  /** Its share of the time of the steps that it ran in. */
  decodeMs = 0
  readonly #parts: TogetherParts
  readonly #answer: Answer
  readonly #ids: number[] = [] // of the answer: sampled, or decided by the end of a budget
  #submitted = 0 // ids of the answer that were submitted to run
  #ran = 0 // those of them whose results have come
  #results = 0

  constructor(parts: TogetherParts) {
    this.#parts = parts
    this.session = parts.session
    this.#answer = new Answer(parts.task, parts.tokenizer)
    parts.batch.writeSampling(parts.sampler, parts.task)
  }

  get hasEnded(): boolean {
    return this.#answer.finishReason !== undefined
  }

  /** Begins: a budget may leave nothing to think. */
  begin(): GenerateEvent[] {
    return this.#closeThinking()
  }

  /** Whether its first token is to be sampled from the prompt's logits. */
  get hasNoToken(): boolean {
    return this.#ids.length === 0
  }

  /** How its first token is sampled. */
  get firstRow(): Pick<BatchRow, 'sampler' | 'fields'> {
    return { sampler: this.#parts.sampler, fields: this.#fields(0) }
  }

  /** Whether it can run a row now: not after its end, and not before results that decide what follows. */
  get canRun(): boolean {
    return !this.hasEnded && (this.#nextIsKnown || this.#submitted + 1 < this.#limit)
  }

  /** Reserves the page of the row that runs next. */
  async reserve(room: SessionRoom): Promise<void> {
    const count = this.#submitted + 1 - this.#ran
    if (this.session.missingPages(count) > 0) await room.reserve(this.session, count)
  }

  /** The row that runs next. It counts as submitted. */
  takeRow(): BatchRow {
    const { task, sampler } = this.#parts
    const isKnown = this.#nextIsKnown
    const at = this.#submitted++
    return {
      sampler,
      position: task.prompt.length + at,
      pages: this.session.pages,
      id: this.#ids[at],
      fields: isKnown ? undefined : this.#fields(at + 1),
    }
  }

  /** The events that follow from the result of a row. Those of rows after its end are dropped. */
  take({ fields }: Pick<BatchRow, 'fields'>, result: ArrayBuffer, isFirst = false): GenerateEvent[] {
    if (this.hasEnded) return []
    if (!isFirst) this.session.append(this.#ids.slice(this.#ran, ++this.#ran))
    if (!fields) return []
    this.#results++
    return [...this.#deliver(decodeSampleResult(result)), ...this.#closeThinking()]
  }

  /** Ends it where it is, as aborted. */
  abort(): GenerateEvent[] {
    if (this.hasEnded) return []
    this.#answer.finishReason = 'abort'
    return this.#end()
  }

  /** Whether the id after the one that runs next is known: then it is not sampled. */
  get #nextIsKnown(): boolean {
    return this.#submitted + 1 < this.#ids.length
  }

  /** Up to which number of tokens it may be sampled. */
  get #limit(): number {
    const { budget, maxTokens } = this.#parts.task
    return budget ? budgetLimit({ budget, maxTokens }, this.#answer, this.#ids) : maxTokens
  }

  #fields(draw: number) {
    const { sampling, logprobs = 0 } = this.#parts.task
    return { ...samplingStepFields(sampling, logprobs), draw }
  }

  /** Delivers the ids that close the thinking part, when its budget is used up and no result is awaited. */
  #closeThinking(): GenerateEvent[] {
    const { task, batch, sampler } = this.#parts
    const { budget, maxTokens } = task
    const isUsedUp = budget && this.#answer.isThinking && this.#answer.thoughts >= budget.tokens
    if (!isUsedUp || this.hasEnded || this.#submitted > this.#ran || this.#nextIsKnown) return []
    const events: GenerateEvent[] = []
    for (const id of budget.closing(this.#ids).slice(0, maxTokens - this.#ids.length))
      if (!this.hasEnded) events.push(...this.#deliver({ id, logprob: 0, top: [] }))
    batch.writeSampling(sampler, { ...task, resume: this.#ids })
    return events
  }

  #deliver(result: SampleResult): GenerateEvent[] {
    this.#ids.push(result.id)
    const delta = this.#event(this.#answer.take(result))
    return this.hasEnded ? [delta, ...this.#end()] : [delta]
  }

  #end(): GenerateEvent[] {
    const { task, runtime, index, cachedTokens, prefillMs } = this.#parts
    const rest = this.#answer.end()
    const { finishReason = 'stop', tokens, reasoningTokens, reasoning } = this.#answer
    return [
      ...(rest ? [this.#event(rest)] : []),
      {
        type: 'done',
        choice: index,
        finishReason,
        promptTokens: task.prompt.length,
        cachedTokens,
        tokens,
        reasoningTokens,
        reasoning,
        prefillMs,
        decodeMs: this.decodeMs,
        dispatchesPerToken: runtime.dispatches,
        readbacksPerToken: tokens === 0 ? 0 : this.#results / tokens,
        kv: kvUse(runtime, this.session),
      },
    ]
  }

  #event(delta: AnswerDelta): GenerateEvent {
    const { runtime, index } = this.#parts
    return { ...delta, choice: index, kv: kvUse(runtime, this.session) }
  }
}
