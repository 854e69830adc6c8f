// Generates several answers to one prompt: prefills it once, then decodes one token of each in every step.
import { assert } from '../../lib/error.ts'
import type { GenerateEvent } from '../types.ts'
import type { AnswerContext } from './answer-request.ts'
import { Batch, type BatchRow } from './batch.ts'
import { PAGE_TOKENS } from './kv-cache.ts'
import { prefill } from './prefill.ts'
import { STEPS_IN_FLIGHT } from './runtime.ts'
import { pagesFor, type Session } from './session.ts'
import type { GenerateTask } from './task.ts'
import { TogetherAnswer } from './together-answer.ts'

type TogetherContext = Pick<AnswerContext, 'runtime' | 'prefixes' | 'tokenizer' | 'signal'>

interface Choice {
  readonly index: number
  readonly task: GenerateTask
}

/** A step that was submitted. */
interface SubmittedStep {
  readonly answers: readonly TogetherAnswer[]
  readonly rows: readonly BatchRow[]
  readonly results: Promise<ArrayBuffer[]>
}

/**
 * Generates at most `rowsAtOnce` answers, whose tasks differ in their seeds alone. Their sessions share
 * the pages of the prompt. Unless it throws, the cache keeps all of them for later requests. Throws
 * `out_of_memory` or `context_full` before the first event.
 */
export async function* generateTogether(
  choices: readonly Choice[],
  context: TogetherContext,
): AsyncGenerator<GenerateEvent> {
  const together = new Together(context)
  try {
    const answers = await together.open(choices)
    yield* together.decode(answers)
  } catch (error) {
    together.hasFailed = true
    throw error
  } finally {
    await together.close()
  }
}

class Together {
  hasFailed = false
  readonly #context: TogetherContext
  readonly #sessions: Session[] = []
  readonly #submitted: SubmittedStep[] = []
  #batch: Batch | undefined
  #hasRun = false
  #refused: string | undefined

  constructor(context: TogetherContext) {
    this.#context = context
    context.runtime.onGpuError((reason) => {
      this.#refused ??= reason
    })
  }

  /** Prefills the prompt and makes room for the answers. */
  async open(choices: readonly Choice[]): Promise<TogetherAnswer[]> {
    const started = performance.now()
    const { runtime, prefixes, signal, tokenizer } = this.#context
    const [{ task } = { task: undefined }] = choices
    if (!task) return []
    const { prompt, maxTokens, logprobs } = task
    const session = prefixes.take(prompt)
    this.#sessions.push(session)
    // Prefill at least one id: sampling needs its logits.
    const cached = Math.min(session.commonPrefix(prompt), prompt.length - 1)
    session.rewind(cached)
    const ownPages = pagesFor(prompt.length + maxTokens) - Math.floor(prompt.length / PAGE_TOKENS)
    await prefixes.ensure(session, prompt.length - cached + maxTokens, (choices.length - 1) * ownPages)
    await prefixes.reserve(session, prompt.length - cached)
    const batch = await Batch.open(runtime, { rows: choices.length, logprobs: logprobs !== undefined })
    this.#batch = batch
    runtime.writePageTable(session)
    this.#hasRun = true
    await prefill(runtime, session, prompt, signal)
    if (!signal?.aborted) while (this.#sessions.length < choices.length) this.#sessions.push(session.fork())
    const prefillMs = performance.now() - started
    return choices.map(
      (choice, sampler) =>
        new TogetherAnswer({
          ...choice,
          session: this.#sessions[sampler] ?? session,
          sampler,
          batch,
          runtime,
          tokenizer,
          cachedTokens: sampler === 0 ? cached : prompt.length - 1, // as if one came after the other
          prefillMs: sampler === 0 ? prefillMs : 0,
        }),
    )
  }

  async *decode(answers: readonly TogetherAnswer[]): AsyncGenerator<GenerateEvent> {
    const { signal } = this.#context
    let latest = performance.now()
    const share = (among: readonly TogetherAnswer[]) => {
      const now = performance.now()
      for (const answer of among) answer.decodeMs += (now - latest) / among.length
      latest = now
    }
    for (const answer of answers) if (!signal?.aborted) yield* answer.begin()
    const begun = signal?.aborted ? [] : answers.filter((answer) => answer.hasNoToken)
    const rows = begun.map((answer) => answer.firstRow)
    const first = begun.length > 0 ? await this.#read(this.#open.sample(rows)) : []
    share(begun)
    for (const [i, answer] of begun.entries())
      yield* answer.take(rows[i] ?? {}, first[i] ?? new ArrayBuffer(0), true)
    while (!signal?.aborted) {
      await this.#submit(answers)
      const step = this.#submitted[0]
      if (!step) break
      const results = await this.#read(step.results)
      this.#submitted.shift()
      share(step.answers.filter((answer) => !answer.hasEnded))
      for (const [i, answer] of step.answers.entries())
        yield* answer.take(step.rows[i] ?? {}, results[i] ?? new ArrayBuffer(0))
    }
    for (const answer of answers) yield* answer.abort()
  }

  /** Frees the batch and hands the sessions back. */
  async close(): Promise<void> {
    const { runtime, prefixes } = this.#context
    // If the GPU is gone, whoever needed it knows.
    await Promise.allSettled([runtime.idle(), ...this.#submitted.map(({ results }) => results)])
    this.#batch?.close()
    for (const session of this.#sessions) {
      // What a step has left after a failure is unknown; without a step all is as it was.
      session.rewind(this.hasFailed && this.#hasRun ? 0 : session.length)
      prefixes.put(session)
    }
  }

  /** Submits steps of all answers that can run, while no more than STEPS_IN_FLIGHT are outstanding. */
  async #submit(answers: readonly TogetherAnswer[]): Promise<void> {
    while (this.#submitted.length < STEPS_IN_FLIGHT) {
      const running = answers.filter((answer) => answer.canRun)
      if (running.length === 0) return
      for (const answer of running) await answer.reserve(this.#context.prefixes)
      const rows = running.map((answer) => answer.takeRow())
      this.#submitted.push({ answers: running, rows, results: this.#open.step(rows) })
    }
  }

  async #read(results: Promise<ArrayBuffer[]>): Promise<ArrayBuffer[]> {
    const read = await results
    assert(!this.#refused, `The GPU refused a step: ${this.#refused}`)
    return read
  }

  get #open(): Batch {
    assert(this.#batch, 'a batch that is open')
    return this.#batch
  }
}
