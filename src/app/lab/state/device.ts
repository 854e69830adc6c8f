// Answers: is there a device to experiment on? The worker that holds it is started here, and started again when it was lost.
// It must not know what is done on it.
import { signal } from '@preact/signals'
import { answerOf, type OpenWorker, openWorker } from '../../../api/worker.ts'
import { fromPlain, type LabInfo, type RemoteLab } from '../../../lab/protocol.ts'
import { HadalError } from '../../../lib/error.ts'
import type { Failure } from '../../state/chat.ts'
import { type MissingWebGpu, missingWebGpu } from '../../state/loading.ts'
import { failureOf } from '../../state/opening.ts'

export type LabWorker = OpenWorker<RemoteLab>

export type LabDevice =
  | { readonly phase: 'opening' }
  | { readonly phase: 'no-webgpu'; readonly missing: MissingWebGpu }
  | { readonly phase: 'ready'; readonly worker: LabWorker; readonly info: LabInfo }
  | { readonly phase: 'failed'; readonly failure: Failure }

export const device = signal<LabDevice>({ phase: 'opening' })

let current: LabWorker | undefined

const LONGEST_MS = 20_000

const spawn = () => new Worker(new URL('../../../lab/lab-worker.ts', import.meta.url), { type: 'module' })

/** Opens the device, in a new worker. Ends in `ready`, `failed` or `no-webgpu`. */
export async function openLab(): Promise<void> {
  current?.close(new HadalError('aborted', 'The GPU is opened again.'))
  current = undefined
  device.value = { phase: 'opening' }
  try {
    const missing = await inTime(missingWebGpu())
    if (missing) {
      device.value = { phase: 'no-webgpu', missing }
      return
    }
    const worker = openWorker<RemoteLab>(spawn)
    current = worker
    const info = await inTime(answerOf(worker, worker.remote.open()))
    device.value = { phase: 'ready', worker, info }
    void worker.failed.then((error) => worker.close(error))
    // A worker whose GPU is lost is left until another is opened: what runs in it without end would hold up whoever ends it.
    const lost = worker.remote.lost().then(fromPlain)
    void Promise.race([worker.failed, lost]).then((error) => {
      if (current === worker) fail(error)
    })
  } catch (error) {
    fail(error)
  }
}

function fail(error: unknown): void {
  const failure = failureOf(error)
  device.value =
    failure.code === 'no_webgpu' ? { phase: 'no-webgpu', missing: 'adapter' } : { phase: 'failed', failure }
}

/** A GPU that is busy without end lets nobody open it. */
function inTime<T>(work: Promise<T>): Promise<T> {
  const late = new Promise<never>((_, reject) => {
    setTimeout(
      () =>
        reject(
          new HadalError('device_lost', `The GPU could not be opened within ${LONGEST_MS / 1000} s.`, {
            hint: 'It may still be busy with a kernel that loops without end: try again, or restart the browser.',
          }),
        ),
      LONGEST_MS,
    )
  })
  return Promise.race([work, late])
}
