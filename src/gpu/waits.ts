// Waits for the GPU. Where the browser reports completion late, submits empty command lists meanwhile.
import { HadalError } from '../lib/error.ts'

const MAP_READ = 1 // GPUMapMode.READ, which Node lacks as a global

/** Half of Firefox's timer. Other browsers report an empty queue's completion within about a millisecond. */
const LATE_MS = 50

/** Workers run repeated timers every 4 ms at most; in Firefox a submission costs some 20 µs. */
const KEEP_ALIVE_MS = 2

/** All waits for one queue: for its work as a whole, or for a buffer to be mapped. */
export class GpuWaits {
  readonly #queue: GPUQueue
  readonly #late: boolean
  #waiting = 0
  #timer: ReturnType<typeof setInterval> | undefined

  /**
   * Measures, while nothing else uses the queue, whether this browser reports completion late. Firefox looks
   * for completed work when something is submitted, otherwise only every 100 ms.
   */
  static async open(queue: GPUQueue): Promise<GpuWaits> {
    let [late, prompt] = [0, 0]
    // The majority of three: a timer may fire just in time once, and a busy machine may be late once.
    while (late < 2 && prompt < 2) {
      const started = performance.now()
      queue.submit([])
      await queue.onSubmittedWorkDone()
      if (performance.now() - started >= LATE_MS) late++
      else prompt++
    }
    return new GpuWaits(queue, late === 2)
  }

  private constructor(queue: GPUQueue, late: boolean) {
    this.#queue = queue
    this.#late = late
  }

  /** Resolves when all work submitted so far is done. Throws `device_lost`. */
  async workDone(): Promise<void> {
    await this.#keepAlive(this.#queue.onSubmittedWorkDone())
  }

  /**
   * Maps a buffer for reading when the work submitted so far is done. Throws `device_lost`, also if the
   * buffer is destroyed first.
   */
  async map(buffer: GPUBuffer): Promise<void> {
    await this.#keepAlive(buffer.mapAsync(MAP_READ))
  }

  /** Where completion is reported late, submits empty command lists until no answer is awaited any more. */
  async #keepAlive(answer: Promise<undefined>): Promise<void> {
    if (this.#late && this.#waiting++ === 0)
      this.#timer = setInterval(() => this.#queue.submit([]), KEEP_ALIVE_MS)
    try {
      await answer
    } catch (cause) {
      // A GPU refuses to answer only when it is gone.
      throw new HadalError('device_lost', 'The GPU stopped before its work was done.', {
        cause,
        hint: 'Load the model again.',
      })
    } finally {
      if (this.#late && --this.#waiting === 0) clearInterval(this.#timer)
    }
  }
}
