// Submits steps in parts that a planner sizes, two in flight, and measures how long each part took.
import type { StepPart, Unit } from '../../program/units.ts'
import { STEP_START, SubmissionPlanner } from './submission-planner.ts'

/** One part runs while the next waits, so that the GPU need not wait for JavaScript. More delay an abort. */
const PARTS_IN_FLIGHT = 2

/** What a queue did since the counts were last taken. */
export interface PartCounts {
  readonly parts: number
  readonly encodeMs: number // JavaScript's time
  readonly longestMs: number // of one part, by the host's clock
}

const NO_PARTS: PartCounts = { parts: 0, encodeMs: 0, longestMs: 0 }

/** A step to be submitted in parts. */
export interface PartedStep {
  readonly units: readonly Unit[]
  readonly submit: (part: StepPart) => void
}

/** All parts of one runtime's steps pass through its queue, so that what it learns serves every step. */
export class PartQueue {
  readonly planner = new SubmissionPlanner()
  readonly #workDone: () => Promise<void>
  readonly #clock: () => number
  readonly #inFlight: Promise<void>[] = []
  #knowsLatency = false
  #lastDone = 0
  #counts = NO_PARTS

  /** @param workDone resolves when everything submitted so far is done */
  constructor(workDone: () => Promise<void>, clock = () => performance.now()) {
    this.#workDone = workDone
    this.#clock = clock
  }

  /**
   * Submits a step part by part. Resolves when the last part is submitted, with false if `signal` stopped it
   * before. Throws if the GPU stops.
   */
  async run({ units, submit }: PartedStep, signal?: AbortSignal): Promise<boolean> {
    await this.#measureLatency()
    for (let cursor = STEP_START; cursor.unit < units.length; ) {
      while (this.#inFlight.length >= PARTS_IN_FLIGHT) await this.#inFlight[0]
      if (signal?.aborted) return false
      const planned = this.planner.next(units, cursor)
      const started = this.#clock()
      submit(planned.part)
      this.#count({ parts: 1, encodeMs: this.#clock() - started, longestMs: 0 })
      this.#measure((ms, queued) => this.planner.learn(planned, ms, queued))
      cursor = planned.next
    }
    return true
  }

  /** Returns the counts and begins new ones. */
  takeCounts(): PartCounts {
    const counts = this.#counts
    this.#counts = NO_PARTS
    return counts
  }

  /** Measures once, while the GPU is idle, how late completion is reported. */
  async #measureLatency(): Promise<void> {
    if (this.#knowsLatency) return
    await this.#workDone()
    const started = this.#clock()
    await this.#workDone()
    this.planner.latencyMs = this.#clock() - started
    this.#knowsLatency = true
  }

  /** Reports how long the part that was just submitted kept the GPU busy. */
  #measure(report: (ms: number, queued: boolean) => void): void {
    const submitted = this.#clock()
    const queued = this.#inFlight.length > 0
    const done = this.#workDone().then(() => {
      const now = this.#clock()
      const ms = now - Math.max(submitted, this.#lastDone)
      this.#lastDone = now
      this.#inFlight.shift()
      this.#count({ parts: 0, encodeMs: 0, longestMs: ms })
      report(ms, queued)
    })
    done.catch(() => {}) // a later wait for the GPU reports the failure
    this.#inFlight.push(done)
  }

  #count({ parts, encodeMs, longestMs }: PartCounts): void {
    this.#counts = {
      parts: this.#counts.parts + parts,
      encodeMs: this.#counts.encodeMs + encodeMs,
      longestMs: Math.max(this.#counts.longestMs, longestMs),
    }
  }
}
