// Opens the GPU device of the lab in a worker, and reopens it after it was lost.

import { signal } from '@preact/signals'
import { startWorker, unwrapOutcome, type WorkerHandle } from '../../../api/worker.ts'
import { deserializeError, type LabInfo, type RemoteLab } from '../../../bench/lab/protocol.ts'
import { asHadalError, HadalError } from '../../../lib/error.ts'
import type { Failure } from '../../shared/failure.ts'
import { type MissingWebGpu, missingWebGpu } from '../../shared/models/load-state.ts'

export type LabWorker = WorkerHandle<RemoteLab>

export type LabDevice =
  | { readonly phase: 'opening' }
  | { readonly phase: 'no-webgpu'; readonly missing: MissingWebGpu }
  | { readonly phase: 'ready'; readonly worker: LabWorker; readonly info: LabInfo }
  | { readonly phase: 'failed'; readonly failure: Failure }

export const labDevice = signal<LabDevice>({ phase: 'opening' })

let current: LabWorker | undefined

const MAX_OPEN_MS = 20_000

const spawn = () => new Worker(new URL('../../../bench/lab/worker.ts', import.meta.url), { type: 'module' })

/** Opens the device in a new worker. Ends in phase `ready`, `failed` or `no-webgpu`. */
export async function openLab(): Promise<void> {
  current?.close(new HadalError('aborted', 'The GPU is being reopened.'))
  current = undefined
  labDevice.value = { phase: 'opening' }
  try {
    const missing = await withTimeout(missingWebGpu())
    if (missing) {
      labDevice.value = { phase: 'no-webgpu', missing }
      return
    }
    const worker = startWorker<RemoteLab>(spawn)
    current = worker
    const info = await withTimeout(unwrapOutcome(worker, worker.remote.open()))
    labDevice.value = { phase: 'ready', worker, info }
    void worker.failed.then((error) => worker.close(error))
    // A worker whose GPU is lost is closed only when the next one opens: ending a kernel that never ends
    // would block.
    const lost = worker.remote.lost().then(deserializeError)
    void Promise.race([worker.failed, lost]).then((error) => {
      if (current === worker) fail(error)
    })
  } catch (error) {
    fail(error)
  }
}

function fail(error: unknown): void {
  const failure = asHadalError(error)
  labDevice.value =
    failure.code === 'no_webgpu' ? { phase: 'no-webgpu', missing: 'adapter' } : { phase: 'failed', failure }
}

/** Rejects after `MAX_OPEN_MS`: a GPU stuck in an endless kernel never answers. */
function withTimeout<T>(work: Promise<T>): Promise<T> {
  const late = new Promise<never>((_, reject) => {
    setTimeout(
      () =>
        reject(
          new HadalError('device_lost', `The GPU could not be opened within ${MAX_OPEN_MS / 1000} s.`, {
            hint: 'A kernel that never ends may keep it busy. Try again, or restart the browser.',
          }),
        ),
      MAX_OPEN_MS,
    )
  })
  return Promise.race([work, late])
}
