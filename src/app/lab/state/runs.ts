// Answers: what is being run, and what came of the runs of this tab? Signals for the screen, and the actions that change them.
// It must not know how anything is proven or timed, nor how it looks.
import { computed, signal } from '@preact/signals'
import { receive } from '../../../api/receiver.ts'
import type {
  CompileMessage,
  Effort,
  Experiment,
  KernelRow,
  LabEvent,
  Phase,
  Proof,
  RunRequest,
} from '../../../lab/protocol.ts'
import type { Failure } from '../../state/chat.ts'
import { failureOf } from '../../state/opening.ts'
import { effort, experiment, info } from './chosen.ts'
import { device, type LabWorker } from './device.ts'
import { summaryOf } from './summary.ts'
import { tuning } from './tuning.ts'

/** What came of one run, as far as it got. */
export interface Finding {
  readonly number: number
  readonly experiment: Experiment
  readonly effort: Effort
  /** What was run: the variant in a few words, or that it was a text of one's own. */
  readonly what: string
  readonly text: string | undefined
  readonly proof: Proof | undefined
  readonly row: KernelRow | undefined
  /** What the engine would have run, timed in turn; undefined where that is what was run. */
  readonly engine: KernelRow | undefined
}

export type Running =
  | { readonly phase: 'idle' }
  | { readonly phase: 'running'; readonly doing: Phase | undefined }
  | { readonly phase: 'failed'; readonly failure: Failure }

export const running = signal<Running>({ phase: 'idle' })
/** Every run that was proven, the newest first. */
export const findings = signal<readonly Finding[]>([])
/** Which of them is looked at. */
export const shownNumber = signal(0)
export const shown = computed(() => findings.value.find(({ number }) => number === shownNumber.value))
/** What the compiler said of a text of one's own, the last time. */
export const told = signal<
  { readonly text: string; readonly messages: readonly CompileMessage[] } | undefined
>(undefined)
/** The GPU has work whose time counts: nothing else is begun. */
export const busy = computed(() => running.value.phase === 'running' || tuning.value.phase === 'running')

let current: AbortController | undefined
let count = 0

/** Runs the chosen kernel; `text` in place of its own. */
export function run(text?: string): Promise<void> {
  return start(experiment.value, effort.value, text, false)
}

/** Runs what was found wrong once more, and times it. */
export function timeNevertheless({ experiment: same, effort: much, text }: Finding): Promise<void> {
  return start(same, much, text, true)
}

/** Stops; what was found stays. */
export function stop(): void {
  current?.abort()
}

async function start(
  what: Experiment | undefined,
  much: Effort | undefined,
  text: string | undefined,
  evenIfWrong: boolean,
): Promise<void> {
  const state = device.value
  if (state.phase !== 'ready' || busy.value || !what || !much || !info.value) return
  const own = new AbortController()
  current = own
  running.value = { phase: 'running', doing: undefined }
  const request = { experiment: what, effort: much, evenIfWrong, ...(text !== undefined && { text }) }
  const { experiment: chosen, effort: spent } = request
  const base = { experiment: chosen, effort: spent, text, what: summaryOf(chosen, info.value, text) }
  let finding: Finding | undefined
  try {
    for await (const event of events(state.worker, request, own.signal)) {
      if (event.type === 'phase') running.value = { phase: 'running', doing: event.phase }
      if (event.type === 'compiled') told.value = { text: text ?? '', messages: event.messages }
      if (event.type === 'proved') {
        count += 1
        finding = { ...base, number: count, proof: event.proof, row: undefined, engine: undefined }
        keep(finding)
      }
      if (event.type === 'timed' && finding) keep({ ...finding, row: event.row, engine: event.engine })
    }
    running.value = { phase: 'idle' }
  } catch (error) {
    const failure = failureOf(error)
    running.value = failure.code === 'aborted' ? { phase: 'idle' } : { phase: 'failed', failure }
  }
}

const events = ({ remote, ended }: LabWorker, request: RunRequest, signal: AbortSignal) =>
  receive<LabEvent>(ended, (port) => remote.run(request, port), signal)

function keep(finding: Finding): void {
  findings.value = [finding, ...findings.value.filter(({ number }) => number !== finding.number)]
  shownNumber.value = finding.number
}
