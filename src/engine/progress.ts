// Answers: what is a caller told while a model loads? Phases, bytes of all and of the file that is read, pace.
// It must not know what is loaded.
import { createMeter } from '../weights/progress.ts'
import type { StreamProgress } from '../weights/stream.ts'
import type { LoadPhase, LoadProgress } from './types.ts'

export type Report = (phase: LoadPhase, moved?: StreamProgress) => void

const NOTHING: StreamProgress = { file: '', bytes: 0, totalBytes: 0, fileBytes: 0, fileTotalBytes: 0 }

/** Reports to `onProgress`; a phase without bytes of its own repeats the latest sums. */
export function progressReporter(onProgress: ((progress: LoadProgress) => void) | undefined): Report {
  let meter: ReturnType<typeof createMeter> | undefined
  let latest = NOTHING
  return (phase, moved) => {
    if (moved && moved.totalBytes !== latest.totalBytes) meter = createMeter(moved.totalBytes)
    latest = moved ?? { ...latest, file: '', fileBytes: 0, fileTotalBytes: 0 }
    const pace = meter?.(latest.bytes) ?? { bytesPerSecond: 0, secondsLeft: Number.NaN }
    onProgress?.({ phase, ...latest, ...pace })
  }
}
