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

const spawn = () => new Worker(new URL('../../../lab/lab-worker.ts', import.meta.url), { type: 'module' })

/** Opens the device, in a new worker. Ends in `ready`, `failed` or `no-webgpu`. */
export async function openLab(): Promise<void> {
  current?.close(new HadalError('aborted', 'The GPU is opened again.'))
  device.value = { phase: 'opening' }
  const missing = await missingWebGpu()
  if (missing) {
    device.value = { phase: 'no-webgpu', missing }
    return
  }
  const worker = openWorker<RemoteLab>(spawn)
  current = worker
  try {
    const info = await answerOf(worker, worker.remote.open())
    device.value = { phase: 'ready', worker, info }
    void Promise.race([worker.failed, worker.remote.lost().then(fromPlain)]).then((error) =>
      giveUp(worker, error),
    )
  } catch (error) {
    giveUp(worker, error)
  }
}

/** Ends a worker that can do nothing more, and with it everything that waits for it. */
function giveUp(worker: LabWorker, error: unknown): void {
  const failure = failureOf(error)
  worker.close(error instanceof HadalError ? error : new HadalError('internal', failure.message))
  if (current !== worker) return
  device.value =
    failure.code === 'no_webgpu' ? { phase: 'no-webgpu', missing: 'adapter' } : { phase: 'failed', failure }
}
