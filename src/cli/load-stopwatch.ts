// Measures a load: time of each phase, and peak memory of the process.
import type { LoadPhase, PhaseProgress } from '../engine/types.ts'

const SAMPLE_MS = 50

export interface LoadStopwatch {
  /** Must be called with every progress event. */
  readonly note: (progress: PhaseProgress) => void
  /** Measurements so far. */
  read(): LoadMeasurements
  stop(): void
}

export interface LoadMeasurements {
  readonly bytes: number // streamed
  readonly phases_ms: Readonly<Record<string, number>>
  /** Of the whole process. Includes the GPU buffers of a software adapter. */
  readonly peak_rss_bytes: number
  /** JavaScript heap: at the start, and its peak. */
  readonly start_heap_bytes: number
  readonly peak_heap_bytes: number
  /** Peak of array buffers, which lie outside the heap: bytes in flight. */
  readonly peak_buffer_bytes: number
}

/** Starts measuring. Samples memory every 50 ms. */
export function startLoadStopwatch(): LoadStopwatch {
  const start = process.memoryUsage()
  let peakHeapBytes = start.heapUsed
  let peakBufferBytes = start.arrayBuffers
  const timer = setInterval(() => {
    const { heapUsed, arrayBuffers } = process.memoryUsage()
    peakHeapBytes = Math.max(peakHeapBytes, heapUsed)
    peakBufferBytes = Math.max(peakBufferBytes, arrayBuffers)
  }, SAMPLE_MS)
  timer.unref()
  const phases: Record<string, number> = {}
  let phase: LoadPhase | undefined
  let since = performance.now()
  let bytes = 0
  return {
    note(progress) {
      const now = performance.now()
      if (phase !== undefined) phases[phase] = (phases[phase] ?? 0) + now - since
      phase = progress.phase === 'ready' ? undefined : progress.phase
      since = now
      bytes = progress.bytes
    },
    read: () => ({
      bytes,
      phases_ms: phases,
      peak_rss_bytes: process.resourceUsage().maxRSS * 1024,
      start_heap_bytes: start.heapUsed,
      peak_heap_bytes: peakHeapBytes,
      peak_buffer_bytes: peakBufferBytes,
    }),
    stop: () => clearInterval(timer),
  }
}
