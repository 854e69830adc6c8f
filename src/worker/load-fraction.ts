// Estimates which part of a load is done, over all its phases, from what is left of their work.
import type { LoadProgress, PhaseProgress } from './protocol.ts'

/** The parts of a load that take time, in their order; `upload` and `check` go on side by side. */
type Stage = 'download' | 'upload' | 'check' | 'keep' | 'compile'

/** Seconds per byte or kernel until a stage is measured: a fast network, a disk, a slow compiler. */
const ASSUMED_SECONDS = { download: 1 / 20e6, upload: 1 / 20e6, check: 0.1, keep: 1 / 200e6, compile: 0.1 }
/** Bytes per second at which a browser reads what it has stored. */
const STORED_RATE = 200e6
/** Seconds that stages without bytes take, until their kernels are counted. */
const CHECK_SECONDS = 5
const COMPILE_SECONDS = 0.5
/** Only a model that is ready is done. */
const MAX_UNFINISHED = 0.99

/** Work of a stage: what is done of it, and since when it has been going on. */
interface Work {
  readonly done: number
  readonly total: number
  readonly startMs: number
}

/**
 * Creates a meter for one load, which adds the fraction to each report. What is left counts at the rate that
 * the stage has had so far, and what has not begun with an assumption.
 * @param keeps whether the quantized form will be stored
 */
export function loadFraction(
  keeps: boolean,
  now = () => performance.now(),
): (progress: PhaseProgress) => LoadProgress {
  const startMs = now()
  const works = new Map<Stage, Work>()
  let bytes = 0
  let latest = 0

  const secondsLeft = (stage: Stage, assumed: number): number => {
    const work = works.get(stage)
    if (!work) return assumed
    const seconds = (now() - work.startMs) / 1000
    const each = work.done > 0 && seconds > 0 ? seconds / work.done : ASSUMED_SECONDS[stage]
    return (work.total - work.done) * each
  }
  return (progress) => {
    if (progress.phase === 'ready') return { ...progress, fraction: 1 }
    bytes = Math.max(bytes, progress.totalBytes)
    for (const [stage, done, total] of countersOf(progress))
      works.set(stage, { done, total, startMs: works.get(stage)?.startMs ?? now() })
    const isCompiling = works.has('compile')
    const isKeeping = works.has('keep')
    const left =
      secondsLeft('download', 0) +
      (isKeeping || isCompiling
        ? 0
        : Math.max(secondsLeft('upload', bytes / STORED_RATE), secondsLeft('check', CHECK_SECONDS))) +
      (isCompiling ? 0 : secondsLeft('keep', keeps ? bytes * ASSUMED_SECONDS.keep : 0)) +
      secondsLeft('compile', COMPILE_SECONDS)
    const elapsed = (now() - startMs) / 1000
    // Before anything is counted nothing is known to be done.
    if (works.size > 0) latest = Math.max(latest, Math.min(elapsed / (elapsed + left), MAX_UNFINISHED))
    return { ...progress, fraction: latest }
  }
}

/** What a report counts: stage, done, total. */
function countersOf({
  phase,
  bytes,
  totalBytes,
  kernels,
  totalKernels,
}: PhaseProgress): [Stage, number, number][] {
  switch (phase) {
    case 'download':
    case 'verify':
      return [['download', bytes, totalBytes]]
    case 'upload':
    case 'convert':
      return [
        ...(totalBytes > 0 ? [['upload', bytes, totalBytes] as [Stage, number, number]] : []),
        ...(totalKernels > 0 ? [['check', kernels, totalKernels] as [Stage, number, number]] : []),
      ]
    case 'keep':
      return [['keep', bytes, totalBytes]]
    case 'compile':
      return [['compile', kernels, totalKernels]]
    default:
      return []
  }
}
