// Times recorded dispatches on the device, several lists interleaved. Uses device timestamps around one pass,
// or a clock around the queue.
import { Profiler } from '../../gpu/profiler.ts'
import type { Step } from '../../kernels/step.ts'
import { summarizeTimes, type TimingSummary } from '../../lib/timing-summary.ts'
import { DispatchRunner, type RunContext } from '../../program/dispatch-runner.ts'
import type { Dispatch } from '../../program/graph.ts'

/** A round is repeated within its pass until it takes this long: timestamps may be as coarse as 0.1 ms. */
const MIN_MS = 10
const MAX_REPEATS = 4096

/**
 * A clock in milliseconds, such as the CPU time of the process. Undefined: device timestamps, or the wall
 * clock where there are none.
 */
export type BenchClock = (() => number) | undefined

/** The device to time on, with its pipelines and clock. */
export interface BenchContext extends RunContext {
  readonly clock: BenchClock
}

/** Times a list of dispatches as one round. */
export class DispatchTimer {
  readonly #runner: DispatchRunner
  readonly #waits: RunContext['device']['waits']
  readonly #profiler: Profiler | undefined
  readonly #clock: () => number

  /** Compiles the dispatches. */
  static async prepare(
    bench: BenchContext,
    dispatches: readonly Dispatch[],
    step: Partial<Step> = {},
  ): Promise<DispatchTimer> {
    return new DispatchTimer(bench, await DispatchRunner.prepare(bench, dispatches, step, MAX_REPEATS))
  }

  private constructor({ device, clock }: BenchContext, runner: DispatchRunner) {
    this.#runner = runner
    this.#waits = device.waits
    this.#clock = clock ?? (() => performance.now())
    this.#profiler = device.capabilities.timestamps && !clock ? new Profiler(device) : undefined
  }

  /**
   * Warms up, and repeats the round until it exceeds the clock's resolution. Returns milliseconds per round.
   */
  async calibrate(): Promise<number> {
    const runner = this.#runner
    await this.time()
    for (;;) {
      const round = await this.time()
      const ms = round * runner.repeats
      if (ms >= MIN_MS || runner.repeats === MAX_REPEATS) return round
      runner.repeats = Math.min(
        MAX_REPEATS,
        Math.ceil(runner.repeats * Math.min(16, (1.5 * MIN_MS) / Math.max(ms, 0.01))),
      )
    }
  }

  /** Milliseconds of one round. */
  async time(): Promise<number> {
    const profiler = this.#profiler
    if (!profiler) return this.#timeByClock()
    this.#runner.submit({ profiler, per: 'step' })
    const [round] = await profiler.read()
    return (round?.ms ?? Number.NaN) / this.#runner.repeats
  }

  async #timeByClock(): Promise<number> {
    await this.#waits.workDone()
    const started = this.#clock()
    this.#runner.submit()
    await this.#waits.workDone()
    return (this.#clock() - started) / this.#runner.repeats
  }

  free(): void {
    this.#runner.free()
    this.#profiler?.destroy()
  }
}

/**
 * Times all runs `repetitions` times, interleaved, so that a disturbance affects all of them. To save
 * minutes, a run that was over `skipRatio` times slower than the fastest in its warm-up is not timed again,
 * except the first, which is the baseline.
 */
export async function timeInterleaved(
  runs: readonly Pick<DispatchTimer, 'calibrate' | 'time'>[],
  repetitions: number,
  skipRatio = Number.POSITIVE_INFINITY,
): Promise<readonly TimingSummary[]> {
  const warmUps: number[] = []
  for (const run of runs) warmUps.push(await run.calibrate())
  const maxMs = Math.min(...warmUps) * skipRatio
  const series = runs.map((run, i) => {
    const ms = warmUps[i] ?? Number.NaN
    return i > 0 && ms > maxMs ? { times: [ms] } : { run, times: [] as number[] }
  })
  for (let i = 0; i < repetitions; i++)
    for (const { run, times } of series) if (run) times.push(await run.time())
  return series.map(({ times }) => summarizeTimes(times))
}
