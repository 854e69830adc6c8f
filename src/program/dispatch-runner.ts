// Runs recorded dispatches outside a model, with uniforms of their own: for checks and benchmarks.
import type { Device } from '../gpu/device.ts'
import type { PipelineCache } from '../gpu/kernel.ts'
import type { Timing } from '../gpu/profiler.ts'
import { PLAIN_STEP, STEP_BYTES, type Step, writeStep } from '../kernels/step.ts'
import { type Dispatch, Graph } from './graph.ts'
import { BLOCK_INDEX_STRIDE, DispatchProgram } from './program.ts'
import { TempBuffers } from './temp-buffers.ts'

/** The device to run on, with its pipelines. */
export interface RunContext {
  readonly device: Device
  readonly pipelines: PipelineCache
}

/** A list of dispatches as one round. */
export class DispatchRunner {
  /** Rounds per submission. */
  repeats = 1
  readonly #gpu: GPUDevice
  readonly #uniforms: TempBuffers
  readonly #program: DispatchProgram
  readonly #step: Step

  /** Compiles the dispatches. Throws `internal` if one does not compile. */
  static async prepare(
    context: RunContext,
    dispatches: readonly Dispatch[],
    step: Partial<Step> = {},
    maxRepeats = 1,
  ): Promise<DispatchRunner> {
    const runner = new DispatchRunner(context, dispatches, { ...PLAIN_STEP, ...step }, maxRepeats)
    await runner.#program.compile().catch((error) => {
      runner.free()
      throw error
    })
    return runner
  }

  private constructor(
    { device, pipelines }: RunContext,
    dispatches: readonly Dispatch[],
    step: Step,
    maxRepeats: number,
  ) {
    this.#gpu = device.gpu
    this.#step = step
    this.#uniforms = new TempBuffers(device)
    const uniform = this.#uniforms.zeros(STEP_BYTES / 4, 'uniform')
    // The program treats each round as a cache block; the zeroed buffer makes all of them block 0.
    const blocks = this.#uniforms.zeros((maxRepeats * BLOCK_INDEX_STRIDE) / 4, 'uniform')
    const words = new Uint32Array(STEP_BYTES / 4)
    writeStep(step, new DataView(words.buffer))
    this.#uniforms.write(uniform, words)
    const graph = new Graph()
    graph.repeat(
      () => this.repeats,
      () => graph.append(dispatches),
    )
    const uniforms = { step: uniform.buffer(), blocks: blocks.buffer() }
    this.#program = new DispatchProgram(device, pipelines, uniforms, graph)
  }

  /** Submits `repeats` rounds in one pass. Loops over cache blocks always run block 0. */
  submit(timing?: Timing): void {
    const encoder = this.#gpu.createCommandEncoder()
    this.encode(encoder, timing)
    timing?.profiler.resolve(encoder)
    this.#gpu.queue.submit([encoder.finish()])
  }

  /** Encodes `repeats` rounds, to submit them with other work. */
  encode(encoder: GPUCommandEncoder, timing?: Timing): void {
    this.#program.encode(encoder, this.#step, timing)
  }

  free(): void {
    this.#program.destroy()
    this.#uniforms.free()
  }
}
