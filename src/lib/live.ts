// Keeps something alive that may be lost, such as an engine on a GPU device: opens another in its place.
import { sleep, untilAborted } from './abort.ts'
import { asHadalError, type ErrorCode, type HadalError } from './error.ts'

/** What may be lost. */
export interface Losable {
  /** Resolves when it is lost for another reason than `destroy`. */
  readonly lost: Promise<HadalError>
  /** Frees what is left of it. @param reason what waits for it fails with */
  destroy(reason?: HadalError): void
}

export interface LiveOptions<E> {
  /** Opens the next one; missing where that cannot be. */
  readonly reopen?: (reason: HadalError) => Promise<E>
  /** Called when the next one is there. */
  readonly onReady: () => void
  /** Fires at the end, with a HadalError as its reason. */
  readonly signal: AbortSignal
}

/** Milliseconds before each attempt: a driver or a GPU process takes a moment to start again. */
const ATTEMPTS_MS = [0, 250, 500, 1000, 2000, 4000]
/** After two crashes of its GPU process, Chromium refuses WebGPU to a site for two minutes. */
const REFUSED_MS = [8000, 16_000, 32_000, 64_000, 16_000]
/** Losses in a row, with no work done in between, after which no other is opened. */
const MAX_LOSSES = 6
/** How often work is tried: it may be what the driver fails at. */
const MAX_TRIES = 3
/** A loss shows in failed calls and in `lost`, in either order, within this many milliseconds. */
const SETTLE_MS = 100
/** The codes that calls fail with when what they need is lost. */
const CODES_OF_LOSS: readonly ErrorCode[] = ['device_lost', 'internal']

export class Live<E extends Losable> {
  /** Resolves when it is lost for good. */
  readonly lost: Promise<HadalError>
  readonly #options: LiveOptions<E>
  readonly #gone = new WeakSet<E>()
  readonly #ended: Promise<never>
  #latest: E
  #ready: Promise<E>
  #losses = 0
  #giveUp: (reason: HadalError) => void = () => {}

  constructor(first: E, options: LiveOptions<E>) {
    this.#options = options
    this.lost = new Promise((resolve) => {
      this.#giveUp = resolve
    })
    const { signal } = options
    this.#ended = new Promise((_, reject) => {
      signal.addEventListener('abort', () => reject(signal.reason), { once: true })
    })
    this.#ended.catch(() => {})
    this.#latest = first
    this.#ready = Promise.resolve(this.#watch(first))
  }

  /** The latest one, which may be gone by now. */
  get latest(): E {
    return this.#latest
  }

  /** The one that works, once it is there. Rejects at the end, and when it is lost for good. */
  async ready(): Promise<E> {
    this.#options.signal.throwIfAborted()
    return Promise.race([this.#ready, this.#ended])
  }

  /**
   * The result of `work`, which is done again with the next one if this one is lost meanwhile. Work that it
   * fails at again and again fails.
   * @param signal ends the wait for the next one
   */
  async run<T>(work: (one: E) => Promise<T>, signal?: AbortSignal): Promise<T> {
    for (let tries = 1; ; tries++) {
      const one = await untilAborted(this.ready(), signal)
      try {
        const result = await work(one)
        this.#losses = 0
        return result
      } catch (error) {
        if (tries >= MAX_TRIES || !(await this.#isGone(one, asHadalError(error)))) throw error
      }
    }
  }

  async #isGone(one: E, { code }: HadalError): Promise<boolean> {
    if (!this.#gone.has(one) && CODES_OF_LOSS.includes(code))
      await Promise.race([one.lost, sleep(SETTLE_MS, this.#options.signal)])
    return this.#gone.has(one)
  }

  #watch(one: E): E {
    void one.lost.then((reason) => {
      this.#gone.add(one)
      this.#ready = this.#replace(one, reason)
      this.#ready.catch(() => {}) // whoever waits for it gets the error
    })
    return one
  }

  async #replace(one: E, reason: HadalError): Promise<E> {
    const { reopen, signal, onReady } = this.#options
    let failure = reason
    one.destroy(reason)
    if (reopen && ++this.#losses <= MAX_LOSSES) {
      for (const [attempt, ms] of [...ATTEMPTS_MS, ...REFUSED_MS].entries()) {
        if (attempt >= ATTEMPTS_MS.length && failure.code !== 'no_webgpu') break
        await sleep(ms, signal)
        signal.throwIfAborted()
        try {
          const next = await reopen(reason)
          if (signal.aborted) next.destroy()
          signal.throwIfAborted()
          this.#latest = this.#watch(next)
          onReady()
          return next
        } catch (error) {
          signal.throwIfAborted()
          failure = asHadalError(error)
        }
      }
    }
    this.#giveUp(failure)
    throw failure
  }
}
