// Decodes an answer with drafts: a step runs the latest token and guesses after it, and keeps the right ones.
import { expectDefined } from '../../lib/error.ts'
import type { Batch, BatchRow } from './batch.ts'
import { type Decoder, type DecodeSteps, FreeDecoder } from './decoder.ts'
import type { DraftLayer, HiddenRows } from './draft-layer.ts'
import { type DecodeWay, type DraftMeter, WINDOW } from './draft-meter.ts'
import { lookUp } from './prompt-lookup.ts'
import { decodeSampleResult, type SampleResult } from './sample-result.ts'
import type { GenerateTask } from './task.ts'

/** What drafting has come to in an answer. */
export interface DraftCounts {
  proposed: number
  accepted: number
}

interface DraftParts {
  readonly batch: Batch
  readonly layer: DraftLayer | undefined // undefined: drafts are looked up
  readonly meter: DraftMeter | undefined // undefined: drafts are always made
  readonly drafts: DraftCounts
  readonly count: number // most drafts of a step
  /** The hidden state of the prompt's last token, if it was just prefilled. */
  readonly hidden: HiddenRows | undefined
}

/**
 * Each row of a step samples its token from the model's own distribution, with the random number that token
 * has without drafts; a draft is accepted if it is that token. Rows have the bits of decoding alone, so the
 * answer is, for any sampling, the same as without drafts. KV entries of refused drafts are written again
 * before anything reads them.
 */
export class SpeculativeDecoder implements Decoder {
  readonly #steps: DecodeSteps
  readonly #task: GenerateTask
  readonly #parts: DraftParts
  readonly #ids: number[] // of the answer, as far as sampled
  readonly #all: number[] // of the prompt and the answer: what is looked up
  #ready: SampleResult[] = [] // sampled and not yet delivered
  #latest: number | undefined // delivered last
  #hidden: HiddenRows | undefined // of the token before the latest sampled one
  #plain: FreeDecoder | undefined // while the window is decoded without drafts
  #way: DecodeWay = 'drafts'
  #window = { start: 0, end: 0, ms: 0 } // in tokens of the answer; end 0: none has begun

  /** The prompt and all of `task.resume` but the last id are in the cache. */
  constructor(steps: DecodeSteps, task: GenerateTask, parts: DraftParts) {
    this.#steps = steps
    this.#task = task
    this.#parts = parts
    this.#ids = [...task.resume]
    this.#all = [...task.prompt, ...task.resume]
    this.#latest = task.resume.at(-1)
    this.#hidden = parts.hidden
    for (let sampler = 0; sampler <= parts.count; sampler++) parts.batch.writeSampling(sampler, task)
  }

  async next(): Promise<SampleResult | undefined> {
    if (this.#ready.length === 0) this.#chooseWay()
    if (this.#plain) return this.#nextPlain(this.#plain)
    if (this.#ready.length === 0) await this.#timed(() => this.#step())
    const result = this.#ready.shift()
    // The token before was the input of this one's row, so its keys and values are in the cache now.
    if (this.#latest !== undefined) this.#steps.session.append([this.#latest])
    this.#latest = result?.id
    return result
  }

  /** Ends a window of tokens, and begins the next as the meter says. */
  #chooseWay(): void {
    const { meter } = this.#parts
    const { length } = this.#ids
    const { start, end, ms } = this.#window
    if (!meter || length === 0 || length < end) return
    if (end > 0) meter.record(this.#way, length - start, ms)
    this.#way = meter.choose()
    this.#window = { start: length, end: length + WINDOW, ms: 0 }
    this.#plain = this.#way === 'plain' ? this.#openPlain(length + WINDOW) : undefined
  }

  #openPlain(end: number): FreeDecoder {
    const { runtime } = this.#steps
    runtime.writeToken(expectDefined(this.#ids.at(-1), 'a token'))
    this.#hidden = undefined
    const task = this.#task
    return new FreeDecoder(this.#steps, {
      ...task,
      resume: [...this.#ids],
      get maxTokens() {
        return Math.min(end, task.maxTokens)
      },
    })
  }

  async #nextPlain(plain: FreeDecoder): Promise<SampleResult> {
    const result = await this.#timed(() => plain.next())
    this.#push(result.id)
    this.#latest = result.id
    return result
  }

  async #timed<T>(work: () => Promise<T>): Promise<T> {
    const started = performance.now()
    const result = await work()
    this.#window.ms += performance.now() - started
    return result
  }

  /** Samples at least one token: the latest one and its drafts run in one step. */
  async #step(): Promise<void> {
    const latest = this.#ids.at(-1)
    if (latest === undefined) {
      const { runtime } = this.#steps
      const read = this.#steps.submitted(runtime.sample(this.#steps.fields(0)))
      this.#take([await this.#steps.read(read)])
      return
    }
    const { batch, layer, drafts } = this.#parts
    const position = this.#task.prompt.length + this.#ids.length - 1
    const room = Math.min(this.#parts.count, this.#task.maxTokens - this.#ids.length - 1)
    await this.#steps.reserve(position + 1 + room)
    const { rows, drafted } = this.#draft(latest, position, room)
    const results = (await batch.step(rows)).map(decodeSampleResult)
    this.#steps.countReadback()
    const proposed = await drafted
    let accepted = 0
    while (accepted < proposed.length && proposed[accepted] === results[accepted]?.id) accepted++
    drafts.proposed += proposed.length
    drafts.accepted += accepted
    const right = results.slice(0, accepted + 1)
    this.#take(right)
    const { hidden } = batch
    if (!layer || !hidden) return
    // The entries of accepted tokens, from the model's own states.
    layer.writeEntries(
      { buffer: hidden, first: 0 },
      right.slice(0, -1).map(({ id }) => id),
      position,
    )
    this.#hidden = { buffer: hidden, first: accepted }
  }

  /** The rows of a step: the latest token at `position`, and at most `room` drafts after it. */
  #draft(
    latest: number,
    position: number,
    room: number,
  ): { readonly rows: BatchRow[]; readonly drafted: Promise<readonly number[]> } {
    const { layer } = this.#parts
    const rows = [this.#row(0, position, latest)]
    const add = (count: number, idAt: (index: number) => BatchRow['id']) => {
      for (let index = 0; index < count; index++) rows.push(this.#row(index + 1, position, idAt(index)))
    }
    if (!layer) {
      const ids = lookUp(this.#all, room)
      add(ids.length, (index) => ids[index])
      return { rows, drafted: Promise.resolve(ids) }
    }
    if (!this.#hidden || room < 1) return { rows, drafted: Promise.resolve([]) }
    const drafted = layer.draft(this.#hidden, latest, position - 1, room)
    drafted.catch(() => {}) // whoever awaits it gets the error
    add(room, (index) => ({ buffer: layer.ids, offset: index * 4 }))
    return { rows, drafted }
  }

  #row(index: number, position: number, id: BatchRow['id']): BatchRow {
    return {
      position: position + index,
      pages: this.#steps.session.pages,
      sampler: index,
      id,
      fields: this.#steps.fields(this.#ids.length + index),
    }
  }

  #take(results: readonly SampleResult[]): void {
    this.#ready.push(...results)
    for (const { id } of results) this.#push(id)
  }

  #push(id: number): void {
    this.#ids.push(id)
    this.#all.push(id)
  }
}
