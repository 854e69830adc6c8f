// Decodes an answer that is held to a grammar. Loaded on demand.
import type { Answer } from './answer.ts'
import type { Decoder, DecodeSteps } from './decoder.ts'
import { prefill } from './prefill.ts'
import type { SampleResult } from './sample-result.ts'
import type { AnswerConstraint, GenerateTask } from './task.ts'

/** What holds the answer, and the answer, which feeds it and tells whether it is thinking. */
export interface Held {
  readonly constraint: AnswerConstraint
  readonly answer: Pick<Answer, 'isThinking'>
}

/**
 * Which ids may come next depends on the latest one, so no token is sampled ahead. The model runs ahead all
 * the same: the latest id is fed to it at once, and its successor's mask is computed while it runs. Ids that
 * must follow are not sampled but prefilled, all at once.
 */
export class ConstrainedDecoder implements Decoder {
  readonly #steps: DecodeSteps
  readonly #task: GenerateTask
  readonly #held: Held
  /** Ids that had to follow: they are in the cache, but were not delivered yet. */
  #forced: readonly number[] = []
  #tokens: number // of the answer, those of `#forced` included
  #unfed: number | undefined // an id in `state.token` that the model has not run

  /** The prompt and all of `task.resume` but the last id are in the cache; that one is in `state.token`. */
  constructor(steps: DecodeSteps, task: GenerateTask, held: Held) {
    this.#steps = steps
    this.#task = task
    this.#held = held
    this.#tokens = task.resume.length
    this.#unfed = task.resume.at(-1)
  }

  async next(): Promise<SampleResult | undefined> {
    const { constraint, answer } = this.#held
    if (this.#forced.length === 0 && !answer.isThinking) {
      if (constraint.isFinished) return undefined
      this.#forced = await this.#feedForced()
    }
    const [id, ...others] = this.#forced
    if (id === undefined) return this.#sample()
    this.#forced = others
    return { id, logprob: 0, top: [] }
  }

  /** Prefills the ids that must follow. Where sampling counts tokens or reports on them, none is skipped. */
  async #feedForced(): Promise<readonly number[]> {
    const { maxTokens, logprobs, sampling } = this.#task
    const { repetitionPenalty, presencePenalty, frequencyPenalty } = sampling
    const isCounted = repetitionPenalty !== 1 || presencePenalty !== 0 || frequencyPenalty !== 0
    if (logprobs !== undefined || isCounted || this.#steps.runtime.trace) return []
    const ids = this.#held.constraint.forced(maxTokens - this.#tokens)
    if (ids.length === 0) return ids
    const { runtime, session } = this.#steps
    await this.#feedUnfed()
    await this.#steps.reserve(session.length + ids.length)
    await prefill(runtime, session, [...session.tokens, ...ids])
    this.#tokens += ids.length
    return ids
  }

  async #sample(): Promise<SampleResult> {
    const { runtime, session } = this.#steps
    const { constraint, answer } = this.#held
    await this.#feedUnfed()
    runtime.writeMask(answer.isThinking ? undefined : constraint.mask(this.#task.maxTokens - this.#tokens))
    const read = this.#steps.submitted(runtime.sample(this.#steps.fields(this.#tokens++)))
    const goesOn = this.#tokens < this.#task.maxTokens
    if (goesOn) await this.#feed()
    const result = await this.#steps.read(read)
    if (goesOn) session.append([result.id])
    return result
  }

  async #feedUnfed(): Promise<void> {
    if (this.#unfed === undefined) return
    await this.#feed()
    this.#steps.session.append([this.#unfed])
    this.#unfed = undefined
  }

  /** Runs the id in `state.token`, as the next of the session. */
  async #feed(): Promise<void> {
    const { runtime, session } = this.#steps
    await this.#steps.reserve(session.length + 1)
    runtime.forward(session.length)
  }
}
