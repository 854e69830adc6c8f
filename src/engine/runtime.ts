// Answers: how does one step of a model run? Programs are prepared once; a step rewrites 64 bytes and replays one of them.
// It must not know text, requests or when to stop.
import type { Device } from '../gpu/device.ts'
import type { PipelineCache } from '../gpu/kernel.ts'
import type { Profiler } from '../gpu/profiler.ts'
import { Readback, readBuffer } from '../gpu/readback.ts'
import { adjustLogits, sampleToken, topLogprobs } from '../kernels/sample.ts'
import { encodeStep, PLAIN_STEP, STEP_BYTES, type Step } from '../kernels/step.ts'
import { forward, type Model } from '../models/forward.ts'
import { SPLITS } from '../models/latent.ts'
import { ceilDiv, type Mode, WORKGROUP } from '../models/ops.ts'
import { CACHE_BYTES, type ModelSpec, recordOf } from '../models/spec.ts'
import { Graph, resource } from '../program/graph.ts'
import { Program } from '../program/program.ts'
import { KvCache, PAGE_TOKENS } from './kv-cache.ts'
import type { GpuModel } from './prepare.ts'
import type { Session } from './session.ts'
import { prepareState, RESULT_BYTES, type State } from './state.ts'

export interface RuntimeOptions {
  readonly contextLength: number
  readonly chunk: number // most rows of a prefill step
  readonly cache: 'f16' | 'f32'
  readonly products: 'f32' | 'f16' // f16 needs shader-f16
}

/** Steps whose results may be awaited at the same time. */
export const DEPTH = 3

/** The part of a step that sampling sets. */
export type SamplingStep = Omit<Step, 'position' | 'tokens' | 'split'>

/** Everything needed to run steps of one model on one device. */
export class Runtime {
  readonly spec: ModelSpec
  readonly cache: KvCache
  readonly state: State
  readonly options: RuntimeOptions
  readonly #device: Device
  readonly #pipelines: PipelineCache
  readonly #model: Model
  readonly #readback: Readback
  readonly #stepView = new DataView(new ArrayBuffer(STEP_BYTES))
  readonly #programs: { prefill: Program; decode: Program; sample: Program; logprobs: Program }
  /** Dispatches of the latest decode step. */
  dispatches = 0
  /** Whether results carry log-probabilities; they cost one more dispatch. */
  logprobs = false

  private constructor(
    device: Device,
    pipelines: PipelineCache,
    parts: { model: Model; cache: KvCache; state: State; options: RuntimeOptions },
    programs: { prefill: Program; decode: Program; sample: Program; logprobs: Program },
  ) {
    this.#device = device
    this.#pipelines = pipelines
    this.#model = parts.model
    this.spec = parts.model.spec
    this.cache = parts.cache
    this.state = parts.state
    this.options = parts.options
    this.#programs = programs
    this.#readback = new Readback(device, 'result', RESULT_BYTES, DEPTH)
    this.cache.onGrow = () => {
      programs.prefill.rebind()
      programs.decode.rebind()
    }
  }

  /** Allocates the state and compiles all pipelines, in parallel. */
  static async prepare(
    device: Device,
    pipelines: PipelineCache,
    spec: ModelSpec,
    tensors: GpuModel,
    options: RuntimeOptions,
  ): Promise<Runtime> {
    const state = prepareState(device, spec, options.contextLength, options.chunk)
    const recordBytes = recordOf(spec.attention) * CACHE_BYTES[options.cache]
    const cache = new KvCache(device, spec.layers.length, recordBytes)
    const pages = resource(state.pages)
    const rotations = resource(state.rotations)
    const model: Model = {
      spec,
      tensors,
      noBias: resource(state.noBias),
      caches: spec.layers.map((_, layer) => ({
        records: resource(() => cache.buffer(layer)),
        pages,
        rotations,
      })),
    }
    const prepare = (build: (graph: Graph) => void) => {
      const graph = new Graph()
      build(graph)
      return Program.prepare(device, pipelines, state, graph)
    }
    const modes = modesOf(device, options)
    const ends = (graph: Graph, ids: GPUBuffer) => ({
      ids: resource(ids),
      logits: graph.activation('logits', 'f32', 1, spec.vocab, resource(state.logits)),
      allRows: false,
    })
    const [prefill, decode, sample, logprobs] = await Promise.all([
      prepare((graph) =>
        forward(graph, model, modes.prefill, device.capabilities, ends(graph, state.prompt)),
      ),
      prepare((graph) => {
        forward(graph, model, modes.decode, device.capabilities, ends(graph, state.token))
        sampleGraph(graph, spec.vocab, state)
      }),
      prepare((graph) => sampleGraph(graph, spec.vocab, state)),
      prepare((graph) => logprobsGraph(graph, spec.vocab, state)),
    ])
    return new Runtime(
      device,
      pipelines,
      { model, cache, state, options },
      { prefill, decode, sample, logprobs },
    )
  }

  /** Tells the GPU which pages the session that runs next has. */
  writePages(session: Session): void {
    this.#device.gpu.queue.writeBuffer(this.state.pages, 0, Uint32Array.from(session.pages))
  }

  /** Runs at most `chunk` ids from `position` on through the model; the logits of the last land in `state.logits`. */
  prefill(ids: readonly number[], position: number): void {
    this.#device.gpu.queue.writeBuffer(this.state.prompt, 0, Uint32Array.from(ids))
    const step = plainStep(position, ids.length)
    this.#submit(step, (encoder) => this.#programs.prefill.encode(encoder, step))
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
  decodeOnly(position: number): void {
    const step = plainStep(position, 1)
    this.#submit(step, (encoder) => this.#programs.decode.encode(encoder, step))
  }

  /** Runs one decode step with a pass per dispatch, timed by `profiler`. */
  profileDecode(position: number, profiler: Profiler): void {
    const step = plainStep(position, 1)
    this.#submit(step, (encoder) => {
      this.#programs.decode.encode(encoder, step, profiler)
      profiler.resolve(encoder)
    })
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
    const { gpu, arena, capabilities } = this.#device
    const { vocab } = this.spec
    const graph = new Graph()
    const shape = graph.activation('all logits', 'f32', ids.length, vocab)
    const logits = arena.allocate('activations', 'all logits', ids.length * shape.stride * 4)
    const prompt = arena.allocate('activations', 'ids', ids.length * 4)
    gpu.queue.writeBuffer(prompt.buffer, 0, Uint32Array.from(ids))
    const mode = modesOf(this.#device, {
      ...this.options,
      chunk: Math.max(ids.length, this.options.chunk),
    }).prefill
    const ends = {
      ids: resource(prompt.buffer),
      logits: { ...shape, home: resource(logits.buffer) },
      allRows: true,
    }
    forward(graph, this.#model, mode, capabilities, ends)
    const program = await Program.prepare(this.#device, this.#pipelines, this.state, graph)
    try {
      const step = plainStep(position, ids.length)
      this.#submit(step, (encoder) => program.encode(encoder, step))
      const padded = new Float32Array(
        await readBuffer(this.#device, logits.buffer, ids.length * shape.stride * 4),
      )
      const tight = new Float32Array(ids.length * vocab)
      ids.forEach((_, row) => {
        tight.set(padded.subarray(row * shape.stride, row * shape.stride + vocab), row * vocab)
      })
      return tight
    } finally {
      program.destroy()
      logits.free()
      prompt.free()
    }
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
    if (this.logprobs) this.#programs.logprobs.encode(encoder, step)
    return this.#readback.encode(encoder, this.state.result)
  }
}

function modesOf(
  { capabilities }: Device,
  { cache, chunk, products: wanted }: RuntimeOptions,
): { prefill: Mode; decode: Mode } {
  const products = capabilities.f16 ? wanted : 'f32'
  return {
    prefill: { name: 'prefill', rows: chunk, cache, products },
    decode: { name: 'decode', rows: 1, cache, products },
  }
}

/** Cached tokens per split of decode attention: whole pages, at most SPLITS of them. */
const splitOf = (context: number): number => Math.ceil(context / SPLITS / PAGE_TOKENS) * PAGE_TOKENS

/** A step of `tokens` rows from `position` on that samples greedily, if at all. */
const plainStep = (position: number, tokens: number): Step => ({
  ...PLAIN_STEP,
  position,
  tokens,
  split: splitOf(position + tokens),
})

function sampleGraph(graph: Graph, VOCAB: number, state: State): void {
  const adjusted = resource(state.adjusted)
  const counts = resource(state.counts)
  graph.dispatch(adjustLogits, {
    constants: { VOCAB, WORKGROUP },
    operands: { logits: resource(state.logits), counts, biases: resource(state.biases), adjusted },
    grid: [ceilDiv(VOCAB, WORKGROUP)],
  })
  graph.dispatch(sampleToken, {
    constants: { VOCAB },
    operands: { adjusted, counts, token: resource(state.token), result: resource(state.result) },
    grid: [1],
  })
}

function logprobsGraph(graph: Graph, VOCAB: number, state: State): void {
  graph.dispatch(topLogprobs, {
    constants: { VOCAB },
    operands: { logits: resource(state.logits), result: resource(state.result) },
    grid: [1],
  })
}
