// The decode loop of an answer: submits steps ahead and reads their results in order.
import { assert, expectDefined } from '../../lib/error.ts'
import type { SessionRoom } from './prefix-cache.ts'
import { type Runtime, STEPS_IN_FLIGHT } from './runtime.ts'
import { decodeSampleResult, type SampleResult } from './sample-result.ts'
import { samplingStepFields } from './sampling.ts'
import type { Session } from './session.ts'
import type { GenerateTask } from './task.ts'

/** The tokens of one answer, in order. */
export interface Decoder {
  /** The next token; undefined where nothing may follow. */
  next(): Promise<SampleResult | undefined>
}

/** Steps of one answer: their sampling, their results, and the pages that they need. */
export class DecodeSteps {
  /** Results read back so far. */
  readbacks = 0
  readonly runtime: Runtime
  readonly session: Session
  readonly #room: SessionRoom
  readonly #base: ReturnType<typeof samplingStepFields>
  readonly #pending = new Set<Promise<ArrayBuffer>>()
  #refused: string | undefined
  #hasTable = false

  constructor(
    runtime: Runtime,
    session: Session,
    { sampling, logprobs = 0 }: GenerateTask,
    room: SessionRoom,
  ) {
    this.runtime = runtime
    this.session = session
    this.#room = room
    this.#base = samplingStepFields(sampling, logprobs)
    runtime.onGpuError((reason) => {
      this.#refused ??= reason
    })
  }

  /** The step fields of a draw. */
  fields(draw: number) {
    return { ...this.#base, draw }
  }

  /** Registers a read that was submitted, so that `settle` waits for it. */
  submitted(read: Promise<ArrayBuffer>): Promise<ArrayBuffer> {
    this.#pending.add(read)
    return read
  }

  async read(pending: Promise<ArrayBuffer>): Promise<SampleResult> {
    const bytes = await pending
    this.#pending.delete(pending)
    this.countReadback()
    return { ...decodeSampleResult(bytes), experts: this.runtime.trace?.decode(bytes) }
  }

  /** Throws if the GPU has refused a step, whose results mean nothing then. */
  countReadback(): void {
    assert(!this.#refused, `The GPU refused a step: ${this.#refused}`)
    this.readbacks++
  }

  /** Reserves pages for the keys and values of positions before `end`. */
  async reserve(end: number): Promise<void> {
    const count = end - this.session.length
    if (this.#hasTable && this.session.missingPages(count) === 0) return
    await this.#room.reserve(this.session, count)
    this.runtime.writePageTable(this.session)
    this.#hasTable = true
  }

  /** Waits for what was submitted and releases the pages that were reserved but not used. */
  async settle(): Promise<void> {
    // The next answer reuses their staging buffers. If the GPU is gone, whoever needed it knows.
    await Promise.allSettled([this.runtime.idle(), ...this.#pending])
    this.session.rewind(this.session.length)
  }
}

/** Decodes freely: the GPU runs ahead, while the reader decodes text. */
export class FreeDecoder implements Decoder {
  readonly #steps: DecodeSteps
  readonly #task: GenerateTask
  readonly #ahead: Promise<ArrayBuffer>[] = []
  #draws: number
  #latest: number | undefined

  /** The prompt and all of `task.resume` but the last id are in the cache; that one is in `state.token`. */
  constructor(steps: DecodeSteps, task: GenerateTask) {
    this.#steps = steps
    this.#task = task
    this.#draws = task.resume.length
    this.#latest = task.resume.at(-1)
  }

  async next(): Promise<SampleResult> {
    const { prompt, maxTokens } = this.#task
    const { runtime, session } = this.#steps
    while (this.#ahead.length < STEPS_IN_FLIGHT && this.#draws < maxTokens) {
      const position = prompt.length + this.#draws - 1
      await this.#steps.reserve(position + 1)
      const fields = this.#steps.fields(this.#draws)
      // The first token comes from the prompt's logits. The step that feeds token n − 1 samples token n.
      const read = this.#draws === 0 ? runtime.sample(fields) : runtime.decode(position, fields)
      this.#ahead.push(this.#steps.submitted(read))
      this.#draws++
    }
    const result = await this.#steps.read(expectDefined(this.#ahead.shift(), 'a step in flight'))
    // The previous token was the input of this step, so its keys and values are in the cache now.
    if (this.#latest !== undefined) session.append([this.#latest])
    this.#latest = result.id
    return result
  }
}
