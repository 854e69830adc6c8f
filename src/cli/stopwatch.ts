// Answers: how long did each phase of loading take, and how much memory did this process take at most? It must not know what is loaded.
import type { LoadPhase, LoadProgress } from '../engine/types.ts'

const SAMPLE_MS = 50

export interface Stopwatch {
  /** To be told of all progress. */
  readonly note: (progress: LoadProgress) => void
  /** What was measured so far. */
  read(): Measured
  stop(): void
}

export interface Measured {
  readonly bytes: number // that were streamed
  readonly phases_ms: Readonly<Record<string, number>>
  /** Of the whole process, GPU buffers of a software adapter included. */
  readonly peak_rss_bytes: number
  /** JavaScript's heap: at first, and the most that was seen. */
  readonly start_heap_bytes: number
  readonly peak_heap_bytes: number
  /** The most of array buffers, which lie outside of that heap: bytes in flight. */
  readonly peak_buffer_bytes: number
}

/** Starts to measure. */
export function startStopwatch(): Stopwatch {
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
