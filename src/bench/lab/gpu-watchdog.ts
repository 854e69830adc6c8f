// Watchdog of GPU work in the lab: waiting ends when the work is done, the device is lost, or after 20 s,
// since an edited shader may loop forever.
import type { Device } from '../../gpu/device.ts'
import { HadalError } from '../../lib/error.ts'

const MAX_WAIT_MS = 20_000

const HINT = 'Open the GPU again. Everything on this page stays.'

export class GpuWatchdog {
  /** Resolves when the device is lost or was given up. */
  readonly lost: Promise<HadalError>
  #resolveGone: (error: HadalError) => void = () => {}

  constructor(device: Device) {
    this.lost = new Promise((resolve) => {
      this.#resolveGone = resolve
      void device.lost.then(({ message }) => resolve(new HadalError('device_lost', message, { hint: HINT })))
    })
  }

  /**
   * The result of `work`. Rejects with `device_lost` if the device is lost or takes longer than 20 s. Such a
   * device is given up but not destroyed: browsers wait for its work before they destroy it, and block all
   * other drawing.
   */
  async wait<T>(work: Promise<T>): Promise<T> {
    let timer: ReturnType<typeof setTimeout> | undefined
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(() => reject(this.#giveUp()), MAX_WAIT_MS)
    })
    const gone = this.lost.then((error) => Promise.reject(error))
    try {
      return await Promise.race([work, late, gone])
    } finally {
      clearTimeout(timer)
    }
  }

  #giveUp(): HadalError {
    const error = new HadalError(
      'device_lost',
      `The GPU did not respond for ${MAX_WAIT_MS / 1000} s and was given up: the kernel may loop forever.`,
      { hint: HINT },
    )
    this.#resolveGone(error)
    return error
  }
}
