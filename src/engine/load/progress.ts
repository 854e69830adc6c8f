// Reports the progress of loading: phase, bytes of all files and of the current one, transfer rate, kernels.
import { createRateMeter } from '../../weights/rate-meter.ts'
import type { StreamProgress } from '../../weights/stream.ts'
import type { LoadPhase, PhaseProgress } from '../types.ts'

/** What has been done: bytes that arrived, or kernels that are ready. */
export type Moved = StreamProgress | Pick<PhaseProgress, 'kernels' | 'totalKernels'>

export type ReportProgress = (phase: LoadPhase, moved?: Moved) => void

const NOTHING_YET = {
  file: '',
  bytes: 0,
  totalBytes: 0,
  fileBytes: 0,
  fileTotalBytes: 0,
  kernels: 0,
  totalKernels: 0,
}

/** Creates a reporter for `onProgress`. A phase without bytes of its own repeats the latest totals. */
export function progressReporter(
  onProgress: ((progress: PhaseProgress) => void) | undefined,
): ReportProgress {
  let meter: ReturnType<typeof createRateMeter> | undefined
  let latest = NOTHING_YET
  return (phase, moved) => {
    const before = latest.totalBytes
    latest = moved ? { ...latest, ...moved } : { ...latest, file: '', fileBytes: 0, fileTotalBytes: 0 }
    if (latest.totalBytes !== before) meter = createRateMeter(latest.totalBytes)
    const rate = meter?.(latest.bytes) ?? { bytesPerSecond: 0, secondsLeft: Number.NaN }
    onProgress?.({ phase, ...latest, ...rate })
  }
}
