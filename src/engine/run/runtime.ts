// Runs single steps of a model: each rewrites 64 bytes and replays a program that was prepared once.
import { allocatedBytes } from '../../gpu/arena.ts'
import type { Device } from '../../gpu/device.ts'
import type { PipelineCache } from '../../gpu/kernel.ts'
import { bindableBytes } from '../../gpu/limits.ts'
import { CHUNK, padTo } from '../../gpu/matrix.ts'
import type { Timing } from '../../gpu/profiler.ts'
import { Readback, readBuffer } from '../../gpu/readback.ts'
import { PLAIN_STEP, STEP_BYTES, type Step, writeStep } from '../../kernels/step.ts'
import { HadalError } from '../../lib/error.ts'
import { checkCache } from '../../models/check-attention.ts'
import type { ModelSpec } from '../../models/spec.ts'
import type { GpuModel } from '../../models/tensors.ts'
import { type Graph, resource } from '../../program/graph.ts'
import { DispatchProgram } from '../../program/program.ts'
import { KvCache, kvCacheSizes, PAGE_TOKENS, splitTokens } from './kv-cache.ts'
import type { Session } from './session.ts'
import { allocateState, RESULT_BYTES, type StateBuffers, stateResources } from './state.ts'
import {
  allLogitsGraph,
  decodeGraph,
  type GraphInputs,
  logprobsGraph,
  prefillGraph,
  type RuntimeOptions,
  sampleGraph,
} from './step-graphs.ts'

/** Decode steps in flight: the awaited one and two ahead. */
export const STEPS_IN_FLIGHT = 3

/** The step fields that sampling sets. */
export type SamplingStepFields = Omit<Step, 'position' | 'tokens' | 'split'>

/** Bytes of the ring of staging buffers that results are read back through. */
export const RESULT_STAGING_BYTES = STEPS_IN_FLIGHT * allocatedBytes(RESULT_BYTES)

/** How many pipelines were new, and how long compiling them took. */
export interface CompileStats {
  readonly pipelines: number
  readonly ms: number
}

/** Programs, state and KV cache of one model on one device, with one cache layout. */
export class Runtime {
  readonly spec: ModelSpec
  readonly tensors: GpuModel
  readonly cache: KvCache
  readonly state: StateBuffers
  readonly options: RuntimeOptions
  readonly #device: Device
  readonly #pipelines: PipelineCache
  readonly #inputs: GraphInputs
  readonly #readback: Readback
  readonly #stepView = new DataView(new ArrayBuffer(STEP_BYTES))
  readonly #programs: { readonly [Name in 'prefill' | 'decode' | 'sample']: DispatchProgram }
  #logprobs: DispatchProgram | undefined
  #reportsLogprobs = false
  /** Number of dispatches of the latest decode step. */
  dispatches = 0

  /**
   * Allocates everything that steps need besides the weights, which may still be empty. Construct it within
   * `Arena.guard` and call `compile` before the first step.
   */
  constructor(
    device: Device,
    pipelines: PipelineCache,
    { spec, tensors, options }: Pick<GraphInputs, 'spec' | 'tensors' | 'options'>,
  ) {
    this.#device = device
    this.#pipelines = pipelines
    this.spec = spec
    this.tensors = tensors
    this.options = options
    this.state = allocateState(device, spec, options.contextLength, options.prefillChunk)
    const cache = new KvCache(device, kvCacheSizes(spec, options.cache, device.capabilities))
    this.cache = cache
    this.#inputs = {
      spec,
      tensors,
      state: stateResources(this.state),
      kvPages: (layer) => resource(() => cache.buffer(layer)),
      capabilities: device.capabilities,
      options,
    }
    const programs = {
      prefill: this.#program(prefillGraph(this.#inputs)),
      decode: this.#program(decodeGraph(this.#inputs)),
      sample: this.#program(sampleGraph(this.#inputs)),
    }
    this.#programs = programs
    this.#readback = new Readback(device, 'result', RESULT_BYTES, STEPS_IN_FLIGHT)
    cache.onGrow = () => {
      programs.prefill.rebind()
      programs.decode.rebind()
    }
  }

  /**
   * Creates another runtime over the same weights and pipelines, with its own state, cache and programs,
   * ready to run. Its context may be longer than what the model was trained for. Throws what `checkCache`
   * throws, and `out_of_memory`; on failure nothing stays allocated.
   */
  async sibling(changes: Partial<RuntimeOptions>): Promise<Runtime> {
    const options = { ...this.options, ...changes }
    checkCache(this.spec.attention, options.cache.kind)
    return this.#device.arena.guard(`a ${options.cache.kind} cache`, async () => {
      const { spec, tensors } = this.#inputs
      const runtime = new Runtime(this.#device, this.#pipelines, { spec, tensors, options })
      await runtime.compile()
      return runtime
    })
  }

  /** Frees everything except the weights. */
  destroy(): void {
    for (const program of [...Object.values(this.#programs), this.#logprobs]) program?.destroy()
    this.cache.destroy()
    this.#readback.destroy()
    for (const buffer of Object.values(this.state)) this.#device.arena.free(buffer)
  }

  /** Compiles all pipelines, in parallel. */
  async compile(): Promise<CompileStats> {
    const started = performance.now()
    const before = this.#pipelines.count
    await Promise.all(Object.values(this.#programs).map((program) => program.compile()))
    return { pipelines: this.#pipelines.count - before, ms: performance.now() - started }
  }

  /** Turns log-probabilities in results on or off. They cost one more dispatch, compiled on first use. */
  async reportLogprobs(enabled: boolean): Promise<void> {
    if (enabled && !this.#logprobs) {
      const program = this.#program(logprobsGraph(this.#inputs))
      await program.compile()
      this.#logprobs = program
    }
    this.#reportsLogprobs = enabled
  }

  /**
   * Sets the callback for GPU validation errors. A step that the GPU refuses leaves the results unchanged.
   */
  onGpuError(report: (reason: string) => void): void {
    this.#device.gpu.onuncapturederror = ({ error }) => report(error.message)
  }

  /** Uploads the page table of the session that runs next. */
  writePageTable(session: Session): void {
    this.#device.gpu.queue.writeBuffer(this.state.pages, 0, Uint32Array.from(session.pages))
  }

  /** Prefills at most `prefillChunk` ids from `position` on; the last id's logits go to `state.logits`. */
  prefill(ids: readonly number[], position: number, timing?: Timing): void {
    this.#device.gpu.queue.writeBuffer(this.state.prompt, 0, Uint32Array.from(ids))
    this.#run(this.#programs.prefill, this.#plainStep(position, ids.length), timing)
  }

  /** Samples from `state.logits`. Call the returned function once to read the result. */
  sample(sampling: SamplingStepFields): () => Promise<ArrayBuffer> {
    const step = { ...sampling, position: 0, tokens: 1, split: PAGE_TOKENS }
    return this.#submit(step, (encoder) => {
      this.#programs.sample.encode(encoder, step)
      return this.#result(encoder, step)
    })
  }

  /** Runs the id in `state.token` at `position` and replaces it by the next, sampled one. */
  decode(position: number, sampling: SamplingStepFields): () => Promise<ArrayBuffer> {
    const step = {
      ...sampling,
      position,
      tokens: 1,
      split: splitTokens(position + 1, this.#device.capabilities),
    }
    return this.#submit(step, (encoder) => {
      this.dispatches = this.#programs.decode.encode(encoder, step)
      return this.#result(encoder, step)
    })
  }

  /** Runs the id in `state.token` without reading a result back. The next id is sampled greedily. */
  decodeOnly(position: number, timing?: Timing): void {
    this.#run(this.#programs.decode, this.#plainStep(position, 1), timing)
  }

  /** Resolves when all submitted work is done. */
  async idle(): Promise<void> {
    await this.#device.gpu.queue.onSubmittedWorkDone()
  }

  /** Sets the id that the next decode step reads. */
  writeToken(id: number): void {
    this.#device.gpu.queue.writeBuffer(this.state.token, 0, Uint32Array.of(id))
  }

  /** Reads the logits of the latest step, f32 [vocab]. */
  async readLogits(): Promise<Float32Array> {
    const bytes = await readBuffer(this.#device, this.state.logits, this.spec.vocabSize * 4)
    return new Float32Array(bytes)
  }

  /**
   * Logits after every id of a chunk, f32 [ids, vocab], by a program created for this call; meant for
   * evaluation. The program has at least as many rows as the normal prefill, so that it shares its pipelines.
   * Throws `bad_request` if the logits exceed one binding, and `out_of_memory`.
   */
  async logitsOf(ids: readonly number[], position: number): Promise<Float32Array> {
    const prepared = await this.#device.arena.guard(`the logits of ${ids.length} tokens`, () =>
      this.#prepareLogits(ids.length),
    )
    try {
      this.#device.gpu.queue.writeBuffer(prepared.ids.buffer, 0, Uint32Array.from(ids))
      const step = this.#plainStep(position, ids.length)
      this.#submit(step, (encoder) => prepared.program.encode(encoder, step))
      const bytes = await readBuffer(this.#device, prepared.logits.buffer, ids.length * prepared.stride * 4)
      return withoutPadding(new Float32Array(bytes), prepared.stride, this.spec.vocabSize)
    } finally {
      prepared.program.destroy()
      prepared.logits.free()
      prepared.ids.free()
    }
  }

  async #prepareLogits(rows: number) {
    const { arena, capabilities } = this.#device
    const stride = padTo(this.spec.vocabSize, CHUNK)
    const maxRows = Math.floor(bindableBytes(capabilities) / stride / 4)
    if (rows > maxRows) {
      throw new HadalError(
        'bad_request',
        `This device holds the logits of at most ${maxRows} tokens at once.`,
        {
          hint: 'Ask for the logits in chunks.',
        },
      )
    }
    const ids = arena.allocate('activations', 'ids', rows * 4)
    const logits = arena.allocate('activations', 'all logits', rows * stride * 4)
    const options: RuntimeOptions = {
      ...this.options,
      prefillChunk: Math.max(rows, this.options.prefillChunk),
    }
    const graph = allLogitsGraph({ ...this.#inputs, options }, rows, {
      ids: resource(ids.buffer),
      logits: resource(logits.buffer),
    })
    const program = this.#program(graph)
    await program.compile()
    return { ids, logits, stride, program }
  }

  /** A step of `tokens` rows from `position` on. If it samples, it does so greedily. */
  #plainStep(position: number, tokens: number): Step {
    const split = splitTokens(position + tokens, this.#device.capabilities)
    return { ...PLAIN_STEP, position, tokens, split }
  }

  #program(graph: Graph): DispatchProgram {
    return new DispatchProgram(this.#device, this.#pipelines, this.state, graph)
  }

  #run(program: DispatchProgram, step: Step, timing: Timing | undefined): void {
    this.#submit(step, (encoder) => {
      program.encode(encoder, step, timing)
      timing?.profiler.resolve(encoder)
    })
  }

  #submit<T>(step: Step, encode: (encoder: GPUCommandEncoder) => T): T {
    const { gpu } = this.#device
    writeStep(step, this.#stepView)
    gpu.queue.writeBuffer(this.state.step, 0, this.#stepView.buffer as ArrayBuffer)
    const encoder = gpu.createCommandEncoder()
    const result = encode(encoder)
    gpu.queue.submit([encoder.finish()])
    return result
  }

  #result(encoder: GPUCommandEncoder, step: Step): () => Promise<ArrayBuffer> {
    if (this.#reportsLogprobs) this.#logprobs?.encode(encoder, step)
    return this.#readback.encode(encoder, this.state.result)
  }
}

/** Cuts rows of `stride` numbers down to their first `cols`. */
function withoutPadding(padded: Float32Array, stride: number, cols: number): Float32Array {
  const rows = padded.length / stride
  const unpadded = new Float32Array(rows * cols)
  for (let row = 0; row < rows; row++)
    unpadded.set(padded.subarray(row * stride, row * stride + cols), row * cols)
  return unpadded
}
