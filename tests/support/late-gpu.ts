// Wraps a GPU so that completion is reported as in Firefox: at a later submission, or every 100 ms.
import { type AdapterCase, openGpu, withDevices } from './adapter.ts'

const TIMER_MS = 100

/** A GPU, and how many answers (maps, `onSubmittedWorkDone`) each of the two events has reported so far. */
export interface LateGpu {
  readonly gpu: GPU
  readonly reported: { submission: number; timer: number }
}

/** The adapter's GPU with late reports. */
export async function openLateGpu(adapter: AdapterCase): Promise<LateGpu> {
  const reported = { submission: 0, timer: 0 }
  const gpu = withDevices(await openGpu(adapter.match), (device) => {
    const known: (() => void)[] = [] // answers that the GPU has given and nobody has been told
    const report = (event: keyof typeof reported) => {
      reported[event] += known.length
      for (const tell of known.splice(0)) tell()
    }
    const late = (answer: Promise<undefined>) =>
      new Promise<undefined>((resolve, reject) => {
        answer.then((value) => known.push(() => resolve(value)), reject)
      })
    const { queue } = device
    const submit = queue.submit.bind(queue)
    queue.submit = (lists) => {
      submit(lists)
      report('submission')
    }
    const workDone = queue.onSubmittedWorkDone.bind(queue)
    queue.onSubmittedWorkDone = () => late(workDone())
    const createBuffer = device.createBuffer.bind(device)
    device.createBuffer = (descriptor) => {
      const buffer = createBuffer(descriptor)
      const mapAsync = buffer.mapAsync.bind(buffer)
      buffer.mapAsync = (...range) => late(mapAsync(...range))
      return buffer
    }
    const timer = setInterval(() => report('timer'), TIMER_MS)
    const destroy = device.destroy.bind(device)
    device.destroy = () => {
      clearInterval(timer)
      destroy()
    }
    return device
  })
  return { gpu, reported }
}
