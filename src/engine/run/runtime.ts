// Runs single steps of a model: each rewrites 64 bytes and replays a program that was prepared once.
import { allocatedBytes } from '../../gpu/arena.ts'
import type { Device } from '../../gpu/device.ts'
import type { PipelineCache } from '../../gpu/kernel.ts'
import type { Profiler, Timing } from '../../gpu/profiler.ts'
import { Readback, readBuffer } from '../../gpu/readback.ts'
import { PLAIN_STEP, STEP_BYTES, type Step, writeStep } from '../../kernels/step.ts'
import { expectDefined } from '../../lib/error.ts'
import { checkCache } from '../../models/check-attention.ts'
import type { ModelSpec } from '../../models/spec.ts'
import type { GpuModel } from '../../models/tensors.ts'
import { type Graph, resource } from '../../program/graph.ts'
import { DispatchProgram, type Uniforms } from '../../program/program.ts'
import { rectangleOf, type StepPart } from '../../program/units.ts'
import { KvCache, kvCacheSizes, PAGE_TOKENS, splitTokens } from './kv-cache.ts'
import type { ExpertTrace, OwnPrograms } from './own-programs.ts'
import { PartQueue } from './part-queue.ts'
import { writeMask, writeSamplingState } from './sampling.ts'
import type { Session } from './session.ts'
import { allocateState, RESULT_BYTES, type StateBuffers, stateResources } from './state.ts'
import type { GraphInputs, RuntimeOptions } from './step-graphs.ts'
import { decodeGraph, logprobsGraph, prefillGraph, sampleGraph } from './step-graphs.ts'
import type { GenerateTask } from './task.ts'
import { type CompileStats, warmUp } from './warm-up.ts'

/** Decode steps in flight: the awaited one and two ahead. */
export const STEPS_IN_FLIGHT = 3

/** The step fields that sampling sets. */
export type SamplingStepFields = Omit<Step, 'position' | 'tokens' | 'split'>

/** Bytes of the ring of staging buffers that results are read back through. */
export const RESULT_STAGING_BYTES = STEPS_IN_FLIGHT * allocatedBytes(RESULT_BYTES)

interface PartOptions {
  readonly signal?: AbortSignal | undefined
  readonly profiler?: Profiler | undefined // times each submission
}

/** Programs, state and KV cache of one model on one device, with one cache layout. */
export class Runtime {
  readonly spec: ModelSpec
  readonly tensors: GpuModel
  readonly cache: KvCache
  readonly state: StateBuffers
  readonly options: RuntimeOptions
  /** Cuts prefill into short submissions. */
  readonly parts = new PartQueue(() => this.idle())
  readonly #device: Device
  readonly #pipelines: PipelineCache
  readonly #inputs: GraphInputs
  readonly #readback: Readback
  readonly #stepView = new DataView(new ArrayBuffer(STEP_BYTES))
  readonly #programs: { readonly [Name in 'prefill' | 'decode' | 'sample']: DispatchProgram }
  #logprobs: DispatchProgram | undefined
  #reportsLogprobs = false
  #mask: Uint32Array | undefined
  /** While it is set, results are read back with the routes of their steps. */
  trace: ExpertTrace | undefined
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
    cache.onGrow.add(() => {
      programs.prefill.rebind()
      programs.decode.rebind()
    })
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

  /**
   * Compiles all pipelines, in parallel, and runs them once. The weights must be loaded.
   * @param onProgress called with the dispatches whose pipelines are ready, and with all
   */
  async compile(onProgress: (ready: number, total: number) => void = () => {}): Promise<CompileStats> {
    const started = performance.now()
    const before = this.#pipelines.count
    const programs = Object.values(this.#programs)
    const total = programs.reduce((sum, { size }) => sum + size, 0)
    let ready = 0
    await Promise.all(programs.map((program) => program.compile(() => onProgress(++ready, total))))
    await warmUp(this.#device.gpu, this)
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
    this.#device.onError(report)
  }

  /** Resets what sampling keeps, for an answer; before its first sampled token. */
  writeSampling(task: Pick<GenerateTask, 'sampling' | 'prompt' | 'resume'>): void {
    this.writeMask(undefined)
    writeSamplingState(this.#device, this.state, { ...task, vocab: this.spec.vocabSize })
  }

  /** Sets which ids may be sampled, by a bit for each; undefined: all. */
  writeMask(mask: Uint32Array | undefined): void {
    if (mask === this.#mask) return
    this.#mask = mask
    writeMask(this.#device, this.state.mask, mask)
  }

  /** Uploads the page table of the session that runs next. */
  writePageTable(session: Session): void {
    this.#device.gpu.queue.writeBuffer(this.state.pages, 0, Uint32Array.from(session.pages))
  }

  /**
   * Prefills at most `prefillChunk` ids from `position` on; the last id's logits go to `state.logits`.
   * Resolves when everything is submitted, or with false if `signal` stopped it before; then the ids do not
   * count.
   */
  prefill(ids: readonly number[], position: number, options: PartOptions = {}): Promise<boolean> {
    this.#device.gpu.queue.writeBuffer(this.state.prompt, 0, Uint32Array.from(ids))
    return this.#runInParts(this.#programs.prefill, this.#plainStep(position, ids.length), options)
  }

  /** Samples from `state.logits`. Resolves with the result; at most STEPS_IN_FLIGHT may be outstanding. */
  sample(sampling: SamplingStepFields): Promise<ArrayBuffer> {
    const step = { ...sampling, position: 0, tokens: 1, split: PAGE_TOKENS }
    return this.#submitAndRead(step, (encoder) => this.#programs.sample.encode(encoder, step))
  }

  /** Runs the id in `state.token` at `position` and replaces it by the next, sampled as `sample` does. */
  decode(position: number, sampling: SamplingStepFields): Promise<ArrayBuffer> {
    const split = splitTokens(position + 1, this.#device.capabilities)
    const step = { ...sampling, position, tokens: 1, split }
    return this.#submitAndRead(step, (encoder) => {
      this.dispatches = this.#programs.decode.encode(encoder, step)
    })
  }

  /** Runs the id in `state.token` at `position`, up to its logits. */
  forward(position: number): void {
    const { decode, sample } = this.#programs
    const step = this.#plainStep(position, 1)
    this.#submit(step, (encoder) => {
      const count = decode.encode(encoder, step, undefined, decode.size - sample.size)
      this.dispatches = count + sample.size
    })
  }

  /** Prefills the first id in `state.prompt` in one submission, from which the planner learns nothing. */
  prefillOnly(position: number): void {
    this.#run(this.#programs.prefill, this.#plainStep(position, 1))
  }

  /** Runs the id in `state.token` without reading a result back. The next id is sampled greedily. */
  decodeOnly(position: number, timing?: Timing): void {
    this.#run(this.#programs.decode, this.#plainStep(position, 1), timing)
  }

  /** Resolves when all submitted work is done. */
  async idle(): Promise<void> {
    await this.#device.waits.workDone()
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

  /** What programs of a caller's own need. */
  get ownPrograms(): OwnPrograms {
    return {
      device: this.#device,
      inputs: this.#inputs,
      programs: this.#programs,
      create: (graph, uniforms) => this.#program(graph, uniforms),
      run: (program, { position, tokens }, signal) =>
        this.#runInParts(program, this.#plainStep(position, tokens), { signal }),
    }
  }

  /** A step of `tokens` rows from `position` on. If it samples, it does so greedily. */
  #plainStep(position: number, tokens: number): Step {
    const split = splitTokens(position + tokens, this.#device.capabilities)
    return { ...PLAIN_STEP, position, tokens, split }
  }

  #program(graph: Graph, uniforms: Uniforms = this.state): DispatchProgram {
    return new DispatchProgram(this.#device, this.#pipelines, uniforms, graph)
  }

  #run(program: DispatchProgram, step: Step, timing?: Timing): void {
    this.#submit(step, (encoder) => {
      program.encode(encoder, step, timing)
      timing?.profiler.resolve(encoder)
    })
  }

  #runInParts(program: DispatchProgram, step: Step, options: PartOptions = {}): Promise<boolean> {
    const units = program.units(step)
    const submit = (part: StepPart) => {
      const firstGroup =
        part.slice && rectangleOf(expectDefined(units[part.first], 'a unit'), part.slice).first
      this.#submit(step, (encoder) => program.encodePart(encoder, units, part, options.profiler), firstGroup)
    }
    return this.parts.run({ units, submit }, options.signal)
  }

  #submit<T>(
    step: Step,
    encode: (encoder: GPUCommandEncoder) => T,
    firstGroup?: Parameters<typeof writeStep>[2],
  ): T {
    const { gpu } = this.#device
    writeStep(step, this.#stepView, firstGroup)
    gpu.queue.writeBuffer(this.state.step, 0, this.#stepView.buffer as ArrayBuffer)
    const encoder = gpu.createCommandEncoder()
    const result = encode(encoder)
    gpu.queue.submit([encoder.finish()])
    return result
  }

  #submitAndRead(step: Step, encode: (encoder: GPUCommandEncoder) => unknown): Promise<ArrayBuffer> {
    return this.#submit(step, (encoder) => {
      encode(encoder)
      if (this.#reportsLogprobs) this.#logprobs?.encode(encoder, step)
      return (this.trace ?? this.#readback).encode(encoder, this.state.result)
    })()
  }
}
