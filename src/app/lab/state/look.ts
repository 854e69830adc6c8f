// Answers: what is there to read of the chosen kernel? Asked of the worker whenever something else is chosen; the newest question wins.
// It must not know how it is shown.
import { effect, signal } from '@preact/signals'
import { receive } from '../../../api/receiver.ts'
import type { Experiment, View } from '../../../lab/protocol.ts'
import type { Failure } from '../../state/chat.ts'
import { failureOf } from '../../state/opening.ts'
import { experiment } from './chosen.ts'
import { device, type LabWorker } from './device.ts'

/** The kernel as it would run; that of the choice before while the next is being linked. */
export const view = signal<View | undefined>(undefined)
export const looking = signal(false)
export const lookFailure = signal<Failure | undefined>(undefined)

let current: AbortController | undefined

/** From now on there is always something to read. */
export function followChoices(): void {
  effect(() => {
    const state = device.value
    const chosen = experiment.value
    current?.abort()
    looking.value = false
    if (state.phase === 'ready' && chosen) void look(state.worker, chosen)
  })
}

async function look({ remote, ended }: LabWorker, chosen: Experiment): Promise<void> {
  const own = new AbortController()
  current = own
  looking.value = true
  try {
    const answers = receive<View>(ended, (port) => remote.look(chosen, port), own.signal)
    for await (const found of answers) view.value = found
    lookFailure.value = undefined
  } catch (error) {
    const failure = failureOf(error)
    if (failure.code !== 'aborted') lookFailure.value = failure
  }
  if (current === own) looking.value = false
}
