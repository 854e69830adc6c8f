// Mutex in first-come, first-served order; a waiter whose signal fires leaves the queue at once.
import { throwIfAborted } from '../lib/error.ts'

/** A lock that is granted in the order of the requests. */
export class FifoMutex {
  readonly #waiting: (() => void)[] = []
  #isLocked = false

  /** How many wait for the lock. */
  get waiting(): number {
    return this.#waiting.length
  }

  /**
   * Waits for the lock. Resolves with the function that releases it; rejects with `aborted` if the signal
   * fires first.
   */
  async acquire(signal: AbortSignal): Promise<() => void> {
    throwIfAborted(signal)
    if (this.#isLocked) await this.#wait(signal)
    this.#isLocked = true
    let isReleased = false
    return () => {
      if (isReleased) return
      isReleased = true
      this.#release()
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

  // The lock passes on directly: it is never free while somebody waits, so a newcomer cannot overtake.
  #release(): void {
    const start = this.#waiting.shift()
    if (start) start()
    else this.#isLocked = false
  }
}
