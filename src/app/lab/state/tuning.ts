// Answers: is the adapter being tuned, what was measured, and what does this browser keep of it? Signals for the screen, and the actions that change
// them. It must not know how variants are measured, nor how they look.
import { effect, signal } from '@preact/signals'
import { receive } from '../../../api/receiver.ts'
import { answerOf } from '../../../api/worker.ts'
import type { LabInfo, StoredTuning, TunedDecision, TuneEvent, TuneRequest } from '../../../lab/protocol.ts'
import { findModel } from '../../state/catalogue.ts'
import type { Failure } from '../../state/chat.ts'
import { failureOf } from '../../state/opening.ts'
import { device, type LabWorker } from './device.ts'

export type Tuning =
  | { readonly phase: 'idle' | 'running' | 'stopped' }
  /** `refused`: why nothing of it is kept. */
  | { readonly phase: 'done'; readonly refused: Failure | undefined }
  | { readonly phase: 'failed'; readonly failure: Failure }

/** Whose sizes are measured. */
export type Sizes = 'v2-lite' | 'bundled'

export const TIMES: readonly number[] = [3, 7, 15]
const usualTimes = ({ capabilities }: LabInfo): number => (capabilities.software ? 3 : 7)

export const tuning = signal<Tuning>({ phase: 'idle' })
/** What was decided so far, in this tab. */
export const rows = signal<readonly TunedDecision[]>([])
export const sizes = signal<Sizes>('v2-lite')
/** Undefined until a device is open. */
export const times = signal<number | undefined>(undefined)
/** What the browser keeps for this adapter; undefined until that is known. */
export const kept = signal<StoredTuning | 'nothing' | undefined>(undefined)
/** Why that is not known, or not forgotten. */
export const keptFailure = signal<Failure | undefined>(undefined)

let current: AbortController | undefined

/** From now on it is known what is kept, whenever a device was opened. */
export function followTuned(): void {
  effect(() => {
    const state = device.value
    if (state.phase !== 'ready') return
    times.value = times.peek() ?? usualTimes(state.info)
    void readKept(state.worker)
  })
}

/** Measures decision by decision, and keeps what was found. */
export async function tune(): Promise<void> {
  const state = device.value
  if (state.phase !== 'ready' || tuning.value.phase === 'running') return
  const own = new AbortController()
  current = own
  tuning.value = { phase: 'running' }
  rows.value = []
  try {
    for await (const event of events(state.worker, await request(state.info), own.signal)) {
      if (event.type === 'decision') rows.value = [...rows.value, event.row]
      else tuning.value = { phase: 'done', refused: event.refused }
    }
    await readKept(state.worker)
  } catch (error) {
    const failure = failureOf(error)
    tuning.value = failure.code === 'aborted' ? { phase: 'stopped' } : { phase: 'failed', failure }
  }
}

/** Stops; what was kept before stays. */
export function stopTuning(): void {
  current?.abort()
}

/** Every load takes the defaults again. */
export async function forget(): Promise<void> {
  const state = device.value
  if (state.phase !== 'ready') return
  try {
    await answerOf(state.worker, state.worker.remote.forgetTuned())
    await readKept(state.worker)
  } catch (error) {
    keptFailure.value = failureOf(error)
  }
}

async function request(info: LabInfo): Promise<TuneRequest> {
  const repetitions = times.value ?? usualTimes(info)
  return sizes.value === 'v2-lite' ? { repetitions } : { repetitions, place: (await findModel()).place }
}

const events = ({ remote, ended }: LabWorker, asked: TuneRequest, signal: AbortSignal) =>
  receive<TuneEvent>(ended, (port) => remote.tune(asked, port), signal)

async function readKept(worker: LabWorker): Promise<void> {
  try {
    kept.value = (await answerOf(worker, worker.remote.tuned())) ?? 'nothing'
    keptFailure.value = undefined
  } catch (error) {
    keptFailure.value = failureOf(error)
  }
}
