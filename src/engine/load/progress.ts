// Reports the progress of loading: phase, bytes of all files and of the current one, transfer rate.
import { createRateMeter } from '../../weights/rate-meter.ts'
import type { StreamProgress } from '../../weights/stream.ts'
import type { LoadPhase, LoadProgress } from '../types.ts'

export type ReportProgress = (phase: LoadPhase, moved?: StreamProgress) => void

const NO_BYTES: StreamProgress = { file: '', bytes: 0, totalBytes: 0, fileBytes: 0, fileTotalBytes: 0 }

/** Creates a reporter for `onProgress`. A phase without bytes of its own repeats the latest totals. */
export function progressReporter(onProgress: ((progress: LoadProgress) => void) | undefined): ReportProgress {
  let meter: ReturnType<typeof createRateMeter> | undefined
  let latest = NO_BYTES
  return (phase, moved) => {
    if (moved && moved.totalBytes !== latest.totalBytes) meter = createRateMeter(moved.totalBytes)
    latest = moved ?? { ...latest, file: '', fileBytes: 0, fileTotalBytes: 0 }
    const rate = meter?.(latest.bytes) ?? { bytesPerSecond: 0, secondsLeft: Number.NaN }
    onProgress?.({ phase, ...latest, ...rate })
  }
}
