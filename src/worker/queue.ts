// Answers: whose turn is it? One job at a time, in the order of asking; who gives up while waiting loses the place at once.
// It must not know what a job does.
import { throwIfAborted } from '../lib/error.ts'

/** Hands out turns, first come first served. */
export class TurnQueue {
  readonly #waiting: (() => void)[] = []
  #busy = false

  /** Resolves with the function that ends the turn. Rejects with `aborted` if the signal fires first. */
  async turn(signal: AbortSignal): Promise<() => void> {
    throwIfAborted(signal)
    if (this.#busy) await this.#wait(signal)
    this.#busy = true
    let ended = false
    return () => {
      if (ended) return
      ended = true
      this.#next()
    }
  }

  #wait(signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const start = () => {
        signal.removeEventListener('abort', leave)
        resolve()
      }
      const leave = () => {
        this.#waiting.splice(this.#waiting.indexOf(start), 1)
        try {
          throwIfAborted(signal)
        } catch (error) {
          reject(error)
        }
      }
      this.#waiting.push(start)
      signal.addEventListener('abort', leave, { once: true })
    })
  }

  // The turn passes on directly, without a free moment in which a newcomer could overtake.
  #next(): void {
    const start = this.#waiting.shift()
    if (start) start()
    else this.#busy = false
  }
}
