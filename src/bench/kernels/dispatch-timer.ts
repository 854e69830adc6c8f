// Times recorded dispatches on the device, several lists interleaved. Uses device timestamps around one pass,
// or a clock around the queue.
import type { Device } from '../../gpu/device.ts'
import type { PipelineCache } from '../../gpu/kernel.ts'
import { Profiler } from '../../gpu/profiler.ts'
import { PLAIN_STEP, STEP_BYTES, type Step, writeStep } from '../../kernels/step.ts'
import { summarizeTimes, type TimingSummary } from '../../lib/timing-summary.ts'
import { type Dispatch, Graph } from '../../program/graph.ts'
import { BLOCK_INDEX_STRIDE, DispatchProgram } from '../../program/program.ts'

/** A round is repeated within its pass until it takes this long: timestamps may be as coarse as 0.1 ms. */
const MIN_MS = 10
const MAX_REPEATS = 4096

/**
 * A clock in milliseconds, such as the CPU time of the process. Undefined: device timestamps, or the wall
 * clock where there are none.
 */
export type BenchClock = (() => number) | undefined

/** The device to time on, with its pipelines and clock. */
export interface BenchContext {
  readonly device: Device
  readonly pipelines: PipelineCache
  readonly clock: BenchClock
}

/** Times a list of dispatches as one round. */
export class DispatchTimer {
  readonly #device: Device
  readonly #program: DispatchProgram
  readonly #step: Step
  readonly #uniforms: readonly { free(): void }[]
  readonly #profiler: Profiler | undefined
  readonly #clock: () => number
  #repeats = 1

  /** Compiles the dispatches. Loops over cache blocks always run block 0. */
  static async prepare(
    bench: BenchContext,
    dispatches: readonly Dispatch[],
    step: Partial<Step> = {},
  ): Promise<DispatchTimer> {
    const run = new DispatchTimer(bench, dispatches, { ...PLAIN_STEP, ...step })
    await run.#program.compile()
    return run
  }

  private constructor(
    { device, pipelines, clock }: BenchContext,
    dispatches: readonly Dispatch[],
    step: Step,
  ) {
    this.#device = device
    this.#clock = clock ?? (() => performance.now())
    this.#step = step
    const { arena, gpu } = device
    const uniform = arena.allocate('state', 'step', STEP_BYTES, 'uniform')
    // The program treats each repetition as a cache block; the zeroed buffer makes all of them block 0.
    const blocks = arena.allocate('state', 'blocks', MAX_REPEATS * BLOCK_INDEX_STRIDE, 'uniform')
    const view = new DataView(new ArrayBuffer(STEP_BYTES))
    writeStep(step, view)
    gpu.queue.writeBuffer(uniform.buffer, 0, view.buffer as ArrayBuffer)
    const graph = new Graph()
    graph.repeat(
      () => this.#repeats,
      () => graph.append(dispatches),
    )
    this.#program = new DispatchProgram(
      device,
      pipelines,
      { step: uniform.buffer, blocks: blocks.buffer },
      graph,
    )
    this.#uniforms = [uniform, blocks]
    this.#profiler = device.capabilities.timestamps && !clock ? new Profiler(device) : undefined
  }

  /** Runs one round, untimed. */
  runOnce(): void {
    const repeats = this.#repeats
    this.#repeats = 1
    this.#submit((encoder) => this.#program.encode(encoder, this.#step))
    this.#repeats = repeats
  }

  /**
   * Warms up, and repeats the round until it exceeds the clock's resolution. Returns milliseconds per round.
   */
  async calibrate(): Promise<number> {
    await this.time()
    for (;;) {
      const round = await this.time()
      const ms = round * this.#repeats
      if (ms >= MIN_MS || this.#repeats === MAX_REPEATS) return round
      this.#repeats = Math.min(
        MAX_REPEATS,
        Math.ceil(this.#repeats * Math.min(16, (1.5 * MIN_MS) / Math.max(ms, 0.01))),
      )
    }
  }

  /** Milliseconds of one round. */
  async time(): Promise<number> {
    const profiler = this.#profiler
    if (!profiler) return this.#timeByClock()
    this.#submit((encoder) => {
      this.#program.encode(encoder, this.#step, { profiler, per: 'step' })
      profiler.resolve(encoder)
    })
    const [round] = await profiler.read()
    return (round?.ms ?? Number.NaN) / this.#repeats
  }

  async #timeByClock(): Promise<number> {
    const { queue } = this.#device.gpu
    await queue.onSubmittedWorkDone()
    const started = this.#clock()
    this.#submit((encoder) => this.#program.encode(encoder, this.#step))
    await queue.onSubmittedWorkDone()
    return (this.#clock() - started) / this.#repeats
  }

  #submit(encode: (encoder: GPUCommandEncoder) => void): void {
    const { gpu } = this.#device
    const encoder = gpu.createCommandEncoder()
    encode(encoder)
    gpu.queue.submit([encoder.finish()])
  }

  free(): void {
    this.#program.destroy()
    this.#profiler?.destroy()
    for (const uniform of this.#uniforms) uniform.free()
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
