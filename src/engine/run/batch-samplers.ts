// Samplers of a batch: each keeps the sampling state of one answer and samples from the logits of any row.
import { type Allocation, allocatedBytes } from '../../gpu/arena.ts'
import { STEP_BYTES, writeStep } from '../../kernels/step.ts'
import { expectDefined } from '../../lib/error.ts'
import { Graph, resource } from '../../program/graph.ts'
import type { DispatchProgram } from '../../program/program.ts'
import { PAGE_TOKENS } from './kv-cache.ts'
import type { OwnPrograms } from './own-programs.ts'
import type { SamplingStepFields } from './runtime.ts'
import { MAX_LOGIT_BIASES, writeMask, writeSamplingState } from './sampling.ts'
import { RESULT_BYTES } from './state.ts'
import { logprobsGraph, sampleGraph } from './step-graphs.ts'
import type { GenerateTask } from './task.ts'

/** Alignment of the offsets of storage bindings that WebGPU guarantees, in 32-bit words. */
export const ALIGNED_WORDS = 64

/** What one sampler keeps on the GPU; the names are those of `StateName`. */
type SamplerState = Readonly<Record<'step' | 'counts' | 'biases' | 'mask' | 'token' | 'result', GPUBuffer>>

interface SamplersOptions {
  readonly count: number
  readonly logits: GPUBuffer // f32 [rows, stride]
  readonly stride: number
  readonly logprobs: boolean // whether results have log-probabilities
}

/** Samples each row by a program of its own, which runs the kernels that one row alone runs. */
export class BatchSamplers {
  readonly #own: OwnPrograms
  readonly #allocations: Allocation[] = []
  readonly #samplers: readonly SamplerState[]
  readonly #programs: readonly DispatchProgram[] // by row
  readonly #bound: number[] = [] // the sampler that each row's program is bound to
  readonly #view = new DataView(new ArrayBuffer(STEP_BYTES))

  /** Allocates; call `compile` before the first use. */
  constructor(own: OwnPrograms, { count, logits, stride, logprobs }: SamplersOptions) {
    const vocab = own.inputs.spec.vocabSize
    this.#own = own
    const adjusted = resource(this.#allocate('adjusted', vocab * 4))
    this.#samplers = Array.from({ length: count }, () => ({
      step: this.#allocate('step', STEP_BYTES, 'uniform'),
      counts: this.#allocate('counts', vocab * 4),
      biases: this.#allocate('biases', MAX_LOGIT_BIASES * 8),
      mask: this.#allocate('mask', Math.ceil(vocab / 32) * 4),
      token: this.#allocate('token', 4),
      result: this.#allocate('result', RESULT_BYTES),
    }))
    this.#programs = this.#samplers.map((_, row) => {
      this.#bound.push(row)
      const at = (name: keyof SamplerState) => resource(() => this.#samplerOf(row)[name])
      const inputs = {
        spec: own.inputs.spec,
        state: {
          logits: { kind: 'view', of: resource(logits), offset: row * stride * 4 } as const,
          adjusted,
          counts: at('counts'),
          biases: at('biases'),
          mask: at('mask'),
          token: at('token'),
          result: at('result'),
        },
      }
      const graph = new Graph()
      graph.append(sampleGraph(inputs).dispatches)
      if (logprobs) graph.append(logprobsGraph(inputs).dispatches)
      const step = () => this.#samplerOf(row).step
      return own.create(graph, {
        get step() {
          return step()
        },
        blocks: step(),
      })
    })
    for (const { mask } of this.#samplers) writeMask(own.device, mask, undefined)
  }

  async compile(): Promise<void> {
    await Promise.all(this.#programs.map((program) => program.compile()))
  }

  /** As `Runtime.writeSampling`. */
  writeSampling(sampler: number, task: Pick<GenerateTask, 'sampling' | 'prompt' | 'resume'>): void {
    const vocab = this.#own.inputs.spec.vocabSize
    this.writeMask(sampler, undefined)
    writeSamplingState(this.#own.device, this.#state(sampler), { ...task, vocab })
  }

  /** As `Runtime.writeMask`. */
  writeMask(sampler: number, mask: Uint32Array | undefined): void {
    writeMask(this.#own.device, this.#state(sampler).mask, mask)
  }

  /** The id that the sampler has sampled last, u32 [1]. */
  token(sampler: number): GPUBuffer {
    return this.#state(sampler).token
  }

  /** Writes the fields of a draw; call before the submission that `encode` records into. */
  writeFields(sampler: number, fields: SamplingStepFields): void {
    writeStep({ ...fields, position: 0, tokens: 1, split: PAGE_TOKENS }, this.#view)
    this.#own.device.gpu.queue.writeBuffer(this.#state(sampler).step, 0, this.#view.buffer as ArrayBuffer)
  }

  /** Samples from the logits of a row, and copies the result to `into` from byte `offset` on. */
  encode(
    encoder: GPUCommandEncoder,
    row: number,
    sampler: number,
    { into, offset }: { readonly into: GPUBuffer; readonly offset: number },
    fields: SamplingStepFields,
  ): void {
    const program = expectDefined(this.#programs[row], `a program for row ${row}`)
    if (this.#bound[row] !== sampler) {
      this.#bound[row] = sampler
      program.rebind()
    }
    program.encode(encoder, { ...fields, position: 0, tokens: 1, split: PAGE_TOKENS })
    encoder.copyBufferToBuffer(this.#state(sampler).result, 0, into, offset, RESULT_BYTES)
  }

  destroy(): void {
    for (const program of this.#programs) program.destroy()
    for (const allocation of this.#allocations) allocation.free()
  }

  #samplerOf = (row: number): SamplerState => this.#state(this.#bound[row] ?? row)

  #state(sampler: number): SamplerState {
    return expectDefined(this.#samplers[sampler], `sampler ${sampler}`)
  }

  #allocate(name: string, bytes: number, usage?: 'uniform'): GPUBuffer {
    const allocation = this.#own.device.arena.allocate('state', name, allocatedBytes(bytes), usage)
    this.#allocations.push(allocation)
    return allocation.buffer
  }
}
