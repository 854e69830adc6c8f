// Answers: how does one step of a model run? Programs are prepared once; a step rewrites 64 bytes and replays one of them.
// It must not know text, requests or when to stop.
import { allocatedBytes } from '../gpu/arena.ts'
import type { Device } from '../gpu/device.ts'
import type { PipelineCache } from '../gpu/kernel.ts'
import { bindableBytes } from '../gpu/limits.ts'
import { CHUNK, padTo } from '../gpu/matrix.ts'
import type { Timing } from '../gpu/profiler.ts'
import { Readback, readBuffer } from '../gpu/readback.ts'
import { encodeStep, PLAIN_STEP, STEP_BYTES, type Step } from '../kernels/step.ts'
import { HadalError } from '../lib/error.ts'
import { SPLITS } from '../models/cache.ts'
import { checkCache } from '../models/check.ts'
import type { ModelSpec } from '../models/spec.ts'
import { type Graph, resource } from '../program/graph.ts'
import { Program } from '../program/program.ts'
import { cacheSizes, KvCache, PAGE_TOKENS } from './kv-cache.ts'
import type { GpuModel } from './prepare.ts'
import type { Session } from './session.ts'
import { prepareState, RESULT_BYTES, type State, stateResources } from './state.ts'
import {
  allLogitsGraph,
  decodeGraph,
  logprobsGraph,
  type Parts,
  prefillGraph,
  type RuntimeOptions,
  sampleGraph,
} from './steps.ts'

/** Steps under way at the same time, of an answer and of whoever measures one: that whose result is awaited, and those ahead of it. */
export const DEPTH = 3

/** The part of a step that sampling sets. */
export type SamplingStep = Omit<Step, 'position' | 'tokens' | 'split'>

/** Bytes of the ring that results are read back through. */
export const STAGING_BYTES = DEPTH * allocatedBytes(RESULT_BYTES)

/** How many pipelines were compiled that nobody had compiled before, and how long it took until all were there. */
export interface Compiled {
  readonly pipelines: number
  readonly ms: number
}

/** Everything needed to run steps of one model on one device, with one form of the KV cache. */
export class Runtime {
  readonly spec: ModelSpec
  readonly tensors: GpuModel
  readonly cache: KvCache
  readonly state: State
  readonly options: RuntimeOptions
  readonly #device: Device
  readonly #pipelines: PipelineCache
  readonly #parts: Parts
  readonly #readback: Readback
  readonly #stepView = new DataView(new ArrayBuffer(STEP_BYTES))
  readonly #programs: { readonly prefill: Program; readonly decode: Program; readonly sample: Program }
  #logprobs: Program | undefined
  #reportsLogprobs = false
  /** Dispatches of the latest decode step. */
  dispatches = 0

  /**
   * Allocates everything that steps need beside the weights, which may be empty still. Call within `Arena.guard`, and `compile`
   * before the first step.
   */
  constructor(
    device: Device,
    pipelines: PipelineCache,
    spec: ModelSpec,
    tensors: GpuModel,
    options: RuntimeOptions,
  ) {
    this.#device = device
    this.#pipelines = pipelines
    this.spec = spec
    this.tensors = tensors
    this.options = options
    this.state = prepareState(device, spec, options.contextLength, options.chunk)
    const cache = new KvCache(device, cacheSizes(spec, options.cache, device.capabilities))
    this.cache = cache
    this.#parts = {
      spec,
      tensors,
      state: stateResources(this.state),
      records: (layer) => resource(() => cache.buffer(layer)),
      capabilities: device.capabilities,
      options,
    }
    const programs = {
      prefill: this.#program(prefillGraph(this.#parts)),
      decode: this.#program(decodeGraph(this.#parts)),
      sample: this.#program(sampleGraph(this.#parts)),
    }
    this.#programs = programs
    this.#readback = new Readback(device, 'result', RESULT_BYTES, DEPTH)
    cache.onGrow = () => {
      programs.prefill.rebind()
      programs.decode.rebind()
    }
  }

  /**
   * One more over the same weights and pipelines, with state, cache and programs of its own, ready to run. Its context may be longer than
   * what the model was trained for. Throws as `checkCache`, and `out_of_memory`; nothing is left then.
   */
  async sibling(changes: Partial<RuntimeOptions>): Promise<Runtime> {
    const options = { ...this.options, ...changes }
    checkCache(this.spec.attention, options.cache.kind)
    return this.#device.arena.guard(`a ${options.cache.kind} cache`, async () => {
      const made = new Runtime(this.#device, this.#pipelines, this.spec, this.#parts.tensors, options)
      await made.compile()
      return made
    })
  }

  /** Frees all but the weights. */
  destroy(): void {
    for (const program of [...Object.values(this.#programs), this.#logprobs]) program?.destroy()
    this.cache.destroy()
    this.#readback.destroy()
    for (const buffer of Object.values(this.state)) this.#device.arena.free(buffer)
  }

  /** Compiles all pipelines, in parallel. */
  async compile(): Promise<Compiled> {
    const started = performance.now()
    const before = this.#pipelines.count
    await Promise.all(Object.values(this.#programs).map((program) => program.compile()))
    return { pipelines: this.#pipelines.count - before, ms: performance.now() - started }
  }

  /** Whether results carry log-probabilities from now on; they cost one more dispatch, compiled when first asked for. */
  async reportLogprobs(wanted: boolean): Promise<void> {
    if (wanted && !this.#logprobs) {
      const program = this.#program(logprobsGraph(this.#parts))
      await program.compile()
      this.#logprobs = program
    }
    this.#reportsLogprobs = wanted
  }

  /** Called with what the GPU refuses from now on, in place of the one before: such a step leaves results as they were. */
  onRefused(report: (reason: string) => void): void {
    this.#device.gpu.onuncapturederror = ({ error }) => report(error.message)
  }

  /** Tells the GPU which pages the session that runs next has. */
  writePages(session: Session): void {
    this.#device.gpu.queue.writeBuffer(this.state.pages, 0, Uint32Array.from(session.pages))
  }

  /** Runs at most `chunk` ids from `position` on through the model; the logits of the last land in `state.logits`. */
  prefill(ids: readonly number[], position: number, timing?: Timing): void {
    this.#device.gpu.queue.writeBuffer(this.state.prompt, 0, Uint32Array.from(ids))
    this.#run(this.#programs.prefill, plainStep(position, ids.length), timing)
  }

  /** Samples from `state.logits`. The function returned reads the result; call it once. */
  sample(sampling: SamplingStep): () => Promise<ArrayBuffer> {
    const step = { ...sampling, position: 0, tokens: 1, split: PAGE_TOKENS }
    return this.#submit(step, (encoder) => {
      this.#programs.sample.encode(encoder, step)
      return this.#result(encoder, step)
    })
  }

  /** Runs the id in `state.token` at `position` and samples the next one into its place. */
  decode(position: number, sampling: SamplingStep): () => Promise<ArrayBuffer> {
    const step = { ...sampling, position, tokens: 1, split: splitOf(position + 1) }
    return this.#submit(step, (encoder) => {
      this.dispatches = this.#programs.decode.encode(encoder, step)
      return this.#result(encoder, step)
    })
  }

  /** Runs the id in `state.token` for its logits alone: nothing is read back. The id that follows is sampled greedily. */
  decodeOnly(position: number, timing?: Timing): void {
    this.#run(this.#programs.decode, plainStep(position, 1), timing)
  }

  /** Resolves when everything submitted so far is done. */
  async idle(): Promise<void> {
    await this.#device.gpu.queue.onSubmittedWorkDone()
  }

  /** The id that the next decode step reads. */
  writeToken(id: number): void {
    this.#device.gpu.queue.writeBuffer(this.state.token, 0, Uint32Array.of(id))
  }

  /** The logits of the latest step, [vocab]. */
  async readLogits(): Promise<Float32Array> {
    const bytes = await readBuffer(this.#device, this.state.logits, this.spec.vocab * 4)
    return new Float32Array(bytes)
  }

  /**
   * Logits of every id of a chunk, [ids, vocab], by a program made for this call: for judging a model, not for chatting.
   * It has the rows of the chat's own prefill at least, and so shares its pipelines.
   */
  async logitsOf(ids: readonly number[], position: number): Promise<Float32Array> {
    const made = await this.#device.arena.guard(`the logits of ${ids.length} tokens`, () =>
      this.#prepareLogits(ids.length),
    )
    try {
      this.#device.gpu.queue.writeBuffer(made.ids.buffer, 0, Uint32Array.from(ids))
      const step = plainStep(position, ids.length)
      this.#submit(step, (encoder) => made.program.encode(encoder, step))
      const bytes = await readBuffer(this.#device, made.logits.buffer, ids.length * made.stride * 4)
      return withoutPadding(new Float32Array(bytes), made.stride, this.spec.vocab)
    } finally {
      made.program.destroy()
      made.logits.free()
      made.ids.free()
    }
  }

  async #prepareLogits(rows: number) {
    const { arena, capabilities } = this.#device
    const stride = padTo(this.spec.vocab, CHUNK)
    const most = Math.floor(bindableBytes(capabilities) / stride / 4)
    if (rows > most) {
      throw new HadalError('bad_request', `This device holds the logits of at most ${most} tokens at once.`, {
        hint: 'Ask for the logits in chunks.',
      })
    }
    const ids = arena.allocate('activations', 'ids', rows * 4)
    const logits = arena.allocate('activations', 'all logits', rows * stride * 4)
    const options = { ...this.options, chunk: Math.max(rows, this.options.chunk) }
    const graph = allLogitsGraph({ ...this.#parts, options }, rows, {
      ids: resource(ids.buffer),
      logits: resource(logits.buffer),
    })
    const program = this.#program(graph)
    await program.compile()
    return { ids, logits, stride, program }
  }

  #program(graph: Graph): Program {
    return new Program(this.#device, this.#pipelines, this.state, graph)
  }

  #run(program: Program, step: Step, timing: Timing | undefined): void {
    this.#submit(step, (encoder) => {
      program.encode(encoder, step, timing)
      timing?.profiler.resolve(encoder)
    })
  }

  #submit<T>(step: Step, encode: (encoder: GPUCommandEncoder) => T): T {
    const { gpu } = this.#device
    encodeStep(step, this.#stepView)
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

/** Cached tokens per split of decode attention: whole pages, at most SPLITS of them. */
export const splitOf = (context: number): number => Math.ceil(context / SPLITS / PAGE_TOKENS) * PAGE_TOKENS

/** A step of `tokens` rows from `position` on that samples greedily, if at all. */
const plainStep = (position: number, tokens: number): Step => ({
  ...PLAIN_STEP,
  position,
  tokens,
  split: splitOf(position + tokens),
})

/** Rows of `stride` numbers as rows of `cols`, one after the other. */
function withoutPadding(padded: Float32Array, stride: number, cols: number): Float32Array {
  const rows = padded.length / stride
  const tight = new Float32Array(rows * cols)
  for (let row = 0; row < rows; row++)
    tight.set(padded.subarray(row * stride, row * stride + cols), row * cols)
  return tight
}
