// Times single steps by device timestamps, or by the host clock where the device has none.
import type { Runtime } from '../engine/run/runtime.ts'
import type { Device } from '../gpu/device.ts'
import { Profiler, type Timing } from '../gpu/profiler.ts'
import { throwIfAborted } from '../lib/error.ts'
import { summarizeTimes } from '../lib/timing-summary.ts'
import type { BenchTiming } from './result.ts'

export interface TimedSteps {
  readonly count: number
  readonly tokens: number // per step
  /** No further step begins after this many milliseconds; the first always runs. */
  readonly enoughMs?: number
  /**
   * The same program ran before. Otherwise one untimed step runs first, to exclude compilation and page
   * faults.
   */
  readonly warm?: boolean
  /** Submits step `index`; `timing` records timestamps, of the step or of each of its submissions. */
  run(index: number, timing?: Timing): Promise<unknown>
}

/**
 * Median and quartiles of the step times. Uses the host clock if timestamps are too coarse for a step, since
 * browsers round them. Throws `aborted` between two steps.
 */
export async function timeSteps(
  device: Device,
  runtime: Runtime,
  steps: TimedSteps,
  signal: AbortSignal | undefined,
): Promise<BenchTiming> {
  if (!steps.warm) {
    await steps.run(0)
    await runtime.idle()
  }
  const byDevice = device.capabilities.timestamps
    ? await timeByTimestamps(device, runtime, steps, signal)
    : []
  if (byDevice.length > 0 && byDevice.every((ms) => ms > 0))
    return summarize(byDevice, steps.tokens, 'device')
  return summarize(await timeByClock(runtime, steps, signal), steps.tokens, 'host')
}

async function timeByTimestamps(
  device: Device,
  runtime: Runtime,
  steps: TimedSteps,
  signal: AbortSignal | undefined,
): Promise<number[]> {
  const profiler = new Profiler(device)
  try {
    const ends: number[] = []
    const run: TimedSteps['run'] = async (index, timing) => {
      await steps.run(index, timing)
      ends.push(profiler.passes)
    }
    await timeByClock(runtime, { ...steps, run }, signal, { profiler, per: 'step' })
    const passes = await profiler.readEach()
    return ends.map((end, i) => passes.slice(ends[i - 1] ?? 0, end).reduce((sum, { ms }) => sum + ms, 0))
  } finally {
    profiler.destroy()
  }
}

async function timeByClock(
  runtime: Runtime,
  { count, run, enoughMs = Number.POSITIVE_INFINITY }: TimedSteps,
  signal: AbortSignal | undefined,
  timing?: Timing,
): Promise<number[]> {
  const times: number[] = []
  const firstStart = performance.now()
  for (let i = 0; i < count; i++) {
    throwIfAborted(signal)
    const started = performance.now()
    await run(i, timing)
    await runtime.idle()
    times.push(performance.now() - started)
    if (performance.now() - firstStart > enoughMs) break
  }
  return times
}

function summarize(times: readonly number[], tokens: number, clock: BenchTiming['clock']): BenchTiming {
  const { ms, low: msLow, high: msHigh } = summarizeTimes(times)
  return { tokensPerSecond: (1000 * tokens) / ms, ms, msLow, msHigh, clock }
}
