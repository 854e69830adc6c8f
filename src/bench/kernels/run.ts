// Answers: how long do recorded dispatches take on the device, several lists of them against each other? By device timestamps around one
// pass, or by a clock around the queue. It must not know what the dispatches compute.
import type { Device } from '../../gpu/device.ts'
import type { PipelineCache } from '../../gpu/kernel.ts'
import { Profiler } from '../../gpu/profiler.ts'
import { encodeStep, PLAIN_STEP, STEP_BYTES, type Step } from '../../kernels/step.ts'
import { type Spread, spreadOf } from '../../lib/spread.ts'
import { type Dispatch, Graph } from '../../program/graph.ts'
import { BLOCK_STRIDE, Program } from '../../program/program.ts'

/** A round is repeated within its pass until it takes this long: timestamps may be as coarse as 0.1 ms. */
const LEAST_MS = 10
const MOST_REPEATS = 4096

/** Milliseconds by a clock of one's choice, such as the CPU time of the process; undefined: timestamps, or the wall clock without them. */
export type Clock = (() => number) | undefined

/** What runs are made on. */
export interface Bench {
  readonly device: Device
  readonly pipelines: PipelineCache
  readonly clock: Clock
}

/** Dispatches that are timed together, as one round. */
export class Run {
  readonly #device: Device
  readonly #program: Program
  readonly #step: Step
  readonly #uniforms: readonly { free(): void }[]
  readonly #profiler: Profiler | undefined
  readonly #clock: () => number
  #repeats = 1

  /** Compiles the dispatches. Those that count blocks are always at the first. */
  static async prepare(
    bench: Bench,
    dispatches: readonly Dispatch[],
    step: Partial<Step> = {},
  ): Promise<Run> {
    const run = new Run(bench, dispatches, { ...PLAIN_STEP, ...step })
    await run.#program.compile()
    return run
  }

  private constructor({ device, pipelines, clock }: Bench, dispatches: readonly Dispatch[], step: Step) {
    this.#device = device
    this.#clock = clock ?? (() => performance.now())
    this.#step = step
    const { arena, gpu } = device
    const uniform = arena.allocate('state', 'step', STEP_BYTES, 'uniform')
    // A program takes each repetition for a block; all of them are block 0 here.
    const blocks = arena.allocate('state', 'blocks', MOST_REPEATS * BLOCK_STRIDE, 'uniform')
    const view = new DataView(new ArrayBuffer(STEP_BYTES))
    encodeStep(step, view)
    gpu.queue.writeBuffer(uniform.buffer, 0, view.buffer as ArrayBuffer)
    const graph = new Graph()
    graph.repeat(
      () => this.#repeats,
      () => graph.replay(dispatches),
    )
    this.#program = new Program(device, pipelines, { step: uniform.buffer, blocks: blocks.buffer }, graph)
    this.#uniforms = [uniform, blocks]
    this.#profiler = device.capabilities.timestamps && !clock ? new Profiler(device) : undefined
  }

  /** Runs one round once, untimed. */
  once(): void {
    const repeats = this.#repeats
    this.#repeats = 1
    this.#submit((encoder) => this.#program.encode(encoder, this.#step))
    this.#repeats = repeats
  }

  /** Warms up, and finds how often a round must be repeated to be told from the clock's grain. Milliseconds of a round. */
  async settle(): Promise<number> {
    await this.time()
    for (;;) {
      const round = await this.time()
      const ms = round * this.#repeats
      if (ms >= LEAST_MS || this.#repeats === MOST_REPEATS) return round
      this.#repeats = Math.min(
        MOST_REPEATS,
        Math.ceil(this.#repeats * Math.min(16, (1.5 * LEAST_MS) / Math.max(ms, 0.01))),
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
 * Times every run `repetitions` times, taking turns, so that what disturbs one disturbs all. One that was over `hopeless` times as slow as the
 * quickest when it settled is not timed again, unless it is the first, with which the others are compared: slow ones are why it takes minutes.
 */
export async function timeInTurn(
  runs: readonly Pick<Run, 'settle' | 'time'>[],
  repetitions: number,
  hopeless = Number.POSITIVE_INFINITY,
): Promise<readonly Spread[]> {
  const settled: number[] = []
  for (const run of runs) settled.push(await run.settle())
  const most = Math.min(...settled) * hopeless
  const turns = runs.map((run, i) => {
    const ms = settled[i] ?? Number.NaN
    return i > 0 && ms > most ? { times: [ms] } : { run, times: [] as number[] }
  })
  for (let i = 0; i < repetitions; i++)
    for (const { run, times } of turns) if (run) times.push(await run.time())
  return turns.map(({ times }) => spreadOf(times))
}
