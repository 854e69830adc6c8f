// Answers: how long does each of several steps take? By timestamps of the device, or by the host's clock around a step where there are none.
// It must not know what the steps do.
import type { Runtime } from '../engine/runtime.ts'
import type { Device } from '../gpu/device.ts'
import { Profiler, type Timing } from '../gpu/profiler.ts'
import { throwIfAborted } from '../lib/error.ts'
import { spreadOf } from '../lib/spread.ts'
import type { BenchTiming } from './result.ts'

export interface Steps {
  readonly count: number
  readonly tokens: number // of a step
  /** Milliseconds after which no further step begins; there is always one. */
  readonly enoughMs?: number
  /** Whether such steps ran before: else the first runs untimed, so that neither compiling nor first touches are in the figures. */
  readonly warm?: boolean
  /** Submits step `index`, timed as `timing` says. */
  run(index: number, timing?: Timing): void
}

/**
 * Median and quartiles. Timestamps that are too coarse for a step (browsers round them) give way to the clock. Throws `aborted` between two steps.
 */
export async function timeSteps(
  device: Device,
  runtime: Runtime,
  steps: Steps,
  signal: AbortSignal | undefined,
): Promise<BenchTiming> {
  if (!steps.warm) {
    steps.run(0)
    await runtime.idle()
  }
  const stamped = device.capabilities.timestamps ? await stamp(device, runtime, steps, signal) : []
  if (stamped.length > 0 && stamped.every((ms) => ms > 0)) return summary(stamped, steps.tokens, 'device')
  return summary(await clock(runtime, steps, signal), steps.tokens, 'host')
}

async function stamp(
  device: Device,
  runtime: Runtime,
  steps: Steps,
  signal: AbortSignal | undefined,
): Promise<number[]> {
  const profiler = new Profiler(device)
  try {
    await clock(runtime, steps, signal, { profiler, per: 'step' })
    return (await profiler.readEach()).map(({ ms }) => ms)
  } finally {
    profiler.destroy()
  }
}

async function clock(
  runtime: Runtime,
  { count, run, enoughMs = Number.POSITIVE_INFINITY }: Steps,
  signal: AbortSignal | undefined,
  timing?: Timing,
): Promise<number[]> {
  const times: number[] = []
  const began = performance.now()
  for (let i = 0; i < count; i++) {
    throwIfAborted(signal)
    const started = performance.now()
    run(i, timing)
    await runtime.idle()
    times.push(performance.now() - started)
    if (performance.now() - began > enoughMs) break
  }
  return times
}

function summary(times: readonly number[], tokens: number, clock: BenchTiming['clock']): BenchTiming {
  const { ms, low: msLow, high: msHigh } = spreadOf(times)
  return { tokensPerSecond: (1000 * tokens) / ms, ms, msLow, msHigh, clock }
}
