// Answers: does the GPU still answer? What is waited for ends when it is done, when the device is gone, or when it has taken too long: a text
// of one's own may loop without end. It must not know what is waited for.
import type { Device } from '../gpu/device.ts'
import { HadalError } from '../lib/error.ts'

const LONGEST_MS = 20_000

const hint = 'Open the GPU again: everything on this page stays.'

export class Watch {
  /** Settles when the device is gone or was given up. */
  readonly gone: Promise<HadalError>
  #tell: (error: HadalError) => void = () => {}

  constructor(device: Device) {
    this.gone = new Promise((resolve) => {
      this.#tell = resolve
      void device.lost.then(({ message }) => resolve(new HadalError('device_lost', message, { hint })))
    })
  }

  /**
   * What `work` resolves with. Rejects with `device_lost`; a device that takes longer than 20 s for it is given up. It is not destroyed: browsers
   * wait for its work before they do that, and with them everything else that they draw.
   */
  async over<T>(work: Promise<T>): Promise<T> {
    let timer: ReturnType<typeof setTimeout> | undefined
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(() => reject(this.#giveUp()), LONGEST_MS)
    })
    const gone = this.gone.then((error) => Promise.reject(error))
    try {
      return await Promise.race([work, late, gone])
    } finally {
      clearTimeout(timer)
    }
  }

  #giveUp(): HadalError {
    const error = new HadalError(
      'device_lost',
      `The GPU has not answered for ${LONGEST_MS / 1000} s and was given up: the kernel may loop without end.`,
      { hint },
    )
    this.#tell(error)
    return error
  }
}
