// Runs of this tab and their results, and the actions that start and stop them.

import { computed, signal } from '@preact/signals'
import { receive } from '../../../api/receiver.ts'
import type {
  AccuracyReport,
  CompileMessage,
  Experiment,
  KernelRow,
  LabEvent,
  Phase,
  RunRequest,
  TimingSettings,
} from '../../../bench/lab/protocol.ts'
import { asHadalError, isAborted } from '../../../lib/error.ts'
import type { Failure } from '../../shared/failure.ts'
import { LatestTask } from '../../shared/latest-task.ts'
import { type LabWorker, labDevice } from './device.ts'
import { experimentSummary } from './run-summary.ts'
import { effort, experiment, labInfo } from './selection.ts'
import { tuningState } from './tuning.ts'

/** Result of one run, as far as it got. */
export interface LabRun {
  readonly number: number
  readonly experiment: Experiment
  readonly effort: TimingSettings
  /** What ran, in a few words: the variant, or that the source was edited. */
  readonly summary: string
  readonly editedSource: string | undefined
  readonly accuracy: AccuracyReport | undefined
  readonly row: KernelRow | undefined
  /** The engine's own variant, timed alternately with this run; undefined if this run is that variant. */
  readonly engineRow: KernelRow | undefined
}

export type LabRunState =
  | { readonly phase: 'idle' }
  | { readonly phase: 'running'; readonly doing: Phase | undefined }
  | { readonly phase: 'failed'; readonly failure: Failure }

export const runState = signal<LabRunState>({ phase: 'idle' })
/** Every run whose result was checked, newest first. */
export const labRuns = signal<readonly LabRun[]>([])
/** Number of the run on screen. */
export const shownNumber = signal(0)
export const shownRun = computed(() => labRuns.value.find(({ number }) => number === shownNumber.value))
/** Compiler messages of the last edited source. */
export const compilerReport = signal<
  { readonly text: string; readonly messages: readonly CompileMessage[] } | undefined
>(undefined)
/** True while the GPU runs timed work; nothing else may start. */
export const busy = computed(
  () => runState.value.phase === 'running' || tuningState.value.phase === 'running',
)

const current = new LatestTask()
let count = 0

/** Runs the chosen kernel; `source` replaces its own source. */
export function runExperiment(source?: string): Promise<void> {
  return startRun(experiment.value, effort.value, source, false)
}

/** Repeats a run with a wrong result, and times it. */
export function timeAnyway({ experiment: same, effort: spent, editedSource: source }: LabRun): Promise<void> {
  return startRun(same, spent, source, true)
}

/** Stops the run. Results stay. */
export function stopRun(): void {
  current.abort()
}

async function startRun(
  chosen: Experiment | undefined,
  spent: TimingSettings | undefined,
  source: string | undefined,
  timeIfFailed: boolean,
): Promise<void> {
  const state = labDevice.value
  if (state.phase !== 'ready' || busy.value || !chosen || !spent || !labInfo.value) return
  const { signal } = current.start()
  runState.value = { phase: 'running', doing: undefined }
  const request: RunRequest = {
    experiment: chosen,
    effort: spent,
    timeIfFailed,
    ...(source !== undefined && { text: source }),
  }
  const base = {
    experiment: chosen,
    effort: spent,
    editedSource: source,
    summary: experimentSummary(chosen, labInfo.value, source),
  }
  let result: LabRun | undefined
  try {
    for await (const event of events(state.worker, request, signal)) {
      if (event.type === 'phase') runState.value = { phase: 'running', doing: event.phase }
      if (event.type === 'compiled') compilerReport.value = { text: source ?? '', messages: event.messages }
      if (event.type === 'checked') {
        count += 1
        result = { ...base, number: count, accuracy: event.accuracy, row: undefined, engineRow: undefined }
        keepRun(result)
      }
      if (event.type === 'timed' && result) keepRun({ ...result, row: event.row, engineRow: event.engine })
    }
    runState.value = { phase: 'idle' }
  } catch (error) {
    runState.value = isAborted(error) ? { phase: 'idle' } : { phase: 'failed', failure: asHadalError(error) }
  }
}

const events = ({ remote, ended }: LabWorker, request: RunRequest, signal: AbortSignal) =>
  receive<LabEvent>(ended, (port) => remote.run(request, port), signal)

function keepRun(result: LabRun): void {
  labRuns.value = [result, ...labRuns.value.filter(({ number }) => number !== result.number)]
  shownNumber.value = result.number
}
