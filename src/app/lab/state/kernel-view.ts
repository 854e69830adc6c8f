// Fetches the contract and source of the chosen kernel from the worker. A newer choice cancels the request.

import { effect, signal } from '@preact/signals'
import { receive } from '../../../api/receiver.ts'
import type { Experiment, KernelView } from '../../../bench/lab/protocol.ts'
import { asHadalError, isAborted } from '../../../lib/error.ts'
import type { Failure } from '../../shared/failure.ts'
import { LatestTask } from '../../shared/latest-task.ts'
import { type LabWorker, labDevice } from './device.ts'
import { experiment } from './selection.ts'

/** The chosen kernel as it would run. While the next one is linked, the previous one stays. */
export const kernelView = signal<KernelView | undefined>(undefined)
export const viewLoading = signal(false)
export const viewFailure = signal<Failure | undefined>(undefined)

const current = new LatestTask()

/** Loads the view whenever the device or the choice changes. */
export function followExperiment(): void {
  effect(() => {
    const state = labDevice.value
    const chosen = experiment.value
    current.abort()
    viewLoading.value = false
    if (state.phase === 'ready' && chosen) void loadView(state.worker, chosen)
  })
}

async function loadView({ remote, ended }: LabWorker, chosen: Experiment): Promise<void> {
  const { signal } = current.start()
  viewLoading.value = true
  try {
    const answers = receive<KernelView>(ended, (port) => remote.view(chosen, port), signal)
    for await (const found of answers) kernelView.value = found
    viewFailure.value = undefined
  } catch (error) {
    if (!isAborted(error)) viewFailure.value = asHadalError(error)
  }
  if (!signal.aborted) viewLoading.value = false
}
