// Tunes the adapter, and reads and removes the stored result.

import { effect, signal } from '@preact/signals'
import { receive } from '../../../api/receiver.ts'
import { unwrapOutcome } from '../../../api/worker.ts'
import type {
  LabInfo,
  StoredTuning,
  TunedDecision,
  TuneEvent,
  TuneRequest,
} from '../../../bench/lab/protocol.ts'
import { asHadalError, isAborted } from '../../../lib/error.ts'
import type { Failure } from '../../shared/failure.ts'
import { LatestTask } from '../../shared/latest-task.ts'
import { findBundledModel } from '../../shared/models/catalogue.ts'
import { type LabWorker, labDevice } from './device.ts'

export type TuningState =
  | { readonly phase: 'idle' | 'running' | 'stopped' }
  /** `refused`: why the result could not be stored. */
  | { readonly phase: 'done'; readonly refused: Failure | undefined }
  | { readonly phase: 'failed'; readonly failure: Failure }

/** The model whose sizes are measured. */
export type TuningSizes = 'v2-lite' | 'bundled'

export const REPETITION_OPTIONS: readonly number[] = [3, 7, 15]
const defaultRepetitions = ({ capabilities }: LabInfo): number => (capabilities.software ? 3 : 7)

export const tuningState = signal<TuningState>({ phase: 'idle' })
/** Decisions measured so far in this tab. */
export const tunedDecisions = signal<readonly TunedDecision[]>([])
export const tuningSizes = signal<TuningSizes>('v2-lite')
/** Undefined until a device is open. */
export const repetitions = signal<number | undefined>(undefined)
/** What the browser stores for this adapter; undefined until it was read. */
export const storedTuning = signal<StoredTuning | 'nothing' | undefined>(undefined)
/** Why it could not be read or removed. */
export const storedTuningFailure = signal<Failure | undefined>(undefined)

const current = new LatestTask()

/** Reads what is stored whenever a device opens. */
export function followStoredTuning(): void {
  effect(() => {
    const state = labDevice.value
    if (state.phase !== 'ready') return
    repetitions.value = repetitions.peek() ?? defaultRepetitions(state.info)
    void readStoredTuning(state.worker)
  })
}

/** Measures decision by decision, and stores the result. */
export async function tune(): Promise<void> {
  const state = labDevice.value
  if (state.phase !== 'ready' || tuningState.value.phase === 'running') return
  const { signal } = current.start()
  tuningState.value = { phase: 'running' }
  tunedDecisions.value = []
  try {
    for await (const event of events(state.worker, await request(state.info), signal)) {
      if (event.type === 'decision') tunedDecisions.value = [...tunedDecisions.value, event.row]
      else tuningState.value = { phase: 'done', refused: event.refused }
    }
    await readStoredTuning(state.worker)
  } catch (error) {
    tuningState.value = isAborted(error)
      ? { phase: 'stopped' }
      : { phase: 'failed', failure: asHadalError(error) }
  }
}

/** Stops tuning. The result stored before stays. */
export function stopTuning(): void {
  current.abort()
}

/** Removes the stored result: loads use the defaults again. */
export async function forgetTuning(): Promise<void> {
  const state = labDevice.value
  if (state.phase !== 'ready') return
  try {
    await unwrapOutcome(state.worker, state.worker.remote.forgetTuned())
    await readStoredTuning(state.worker)
  } catch (error) {
    storedTuningFailure.value = asHadalError(error)
  }
}

async function request(info: LabInfo): Promise<TuneRequest> {
  const base = { repetitions: repetitions.value ?? defaultRepetitions(info) }
  return tuningSizes.value === 'v2-lite' ? base : { ...base, modelUrl: (await findBundledModel()).source }
}

const events = ({ remote, ended }: LabWorker, request: TuneRequest, signal: AbortSignal) =>
  receive<TuneEvent>(ended, (port) => remote.tune(request, port), signal)

async function readStoredTuning(worker: LabWorker): Promise<void> {
  try {
    storedTuning.value = (await unwrapOutcome(worker, worker.remote.tuned())) ?? 'nothing'
    storedTuningFailure.value = undefined
  } catch (error) {
    storedTuningFailure.value = asHadalError(error)
  }
}
