// Runs the draft layer of a model: writes its KV entries, and drafts tokens one after the other. On demand.
import { type Allocation, allocatedBytes } from '../../gpu/arena.ts'
import { CHUNK, padTo, unboundBuffer } from '../../gpu/matrix.ts'
import { Readback, readBuffer } from '../../gpu/readback.ts'
import { sampleToken } from '../../kernels/sample.ts'
import { PLAIN_STEP, STEP_BYTES, writeStep } from '../../kernels/step.ts'
import { type DraftRows, draftEntries, draftStep } from '../../models/draft.ts'
import type { OpContext } from '../../models/ops.ts'
import { type Activation, type Dispatch, Graph, resource } from '../../program/graph.ts'
import type { DispatchProgram } from '../../program/program.ts'
import { splitTokens } from './kv-cache.ts'
import type { OwnPrograms } from './own-programs.ts'
import type { Runtime } from './runtime.ts'
import { RESULT_BYTES } from './state.ts'
import { forwardModel, type GraphInputs, opContext } from './step-graphs.ts'

/** Normed hidden states of the model, f32 [rows, hidden padded to 16], and the first of those to use. */
export interface HiddenRows {
  readonly buffer: GPUBuffer
  readonly first: number
}

/** Most tokens of a draft. */
export const MAX_DRAFTS = 7

/** Operands of the layer's programs. */
const OPERANDS = [
  'ids', // u32 [prefillChunk]
  'rows', // f32 [prefillChunk, hidden]: for entries
  'token', // u32: the input of a draft, and then its output
  'hidden', // f32 [hidden]: the input of a draft
  'state', // f32 [hidden]: its output
  'logits', // f32 [vocab]
  'counts', // u32 [vocab], which nothing reads
  'result',
  'drafts', // u32 [MAX_DRAFTS]
] as const
type OperandName = (typeof OPERANDS)[number]

/**
 * Programs and state of the draft layer over a runtime's weights and KV cache. Its cache is in order behind
 * the model's: entry i is made of the hidden state of token i and the id of token i + 1.
 */
export class DraftLayer {
  readonly #own: OwnPrograms
  readonly #runtime: Runtime
  readonly #allocations: Allocation[] = []
  readonly #buffers: Readonly<Record<OperandName, GPUBuffer>>
  readonly #entries: DispatchProgram
  readonly #step: DispatchProgram
  readonly #view = new DataView(new ArrayBuffer(STEP_BYTES))
  readonly #rowBytes: number
  readonly #readback: Readback
  readonly #rebind = () => {
    this.#entries.rebind()
    this.#step.rebind()
  }

  /** Allocates and compiles. Throws `out_of_memory`. */
  static open(runtime: Runtime): Promise<DraftLayer> {
    const { device } = runtime.ownPrograms
    return device.arena.guard('the draft layer', async () => {
      const layer = new DraftLayer(runtime)
      await Promise.all([layer.#entries.compile(), layer.#step.compile()])
      return layer
    })
  }

  private constructor(runtime: Runtime) {
    const own = runtime.ownPrograms
    const { spec, options } = own.inputs
    this.#own = own
    this.#runtime = runtime
    this.#rowBytes = padTo(spec.hiddenSize, CHUNK) * 4
    const vocabBytes = padTo(spec.vocabSize, CHUNK) * 4
    this.#buffers = {
      ids: this.#allocate('ids', options.prefillChunk * 4),
      rows: this.#allocate('rows', options.prefillChunk * this.#rowBytes),
      token: this.#allocate('token', 4),
      hidden: this.#allocate('hidden', this.#rowBytes),
      state: this.#allocate('state', this.#rowBytes),
      logits: this.#allocate('logits', vocabBytes),
      counts: this.#allocate('counts', vocabBytes),
      result: this.#allocate('result', RESULT_BYTES),
      drafts: this.#allocate('ids of drafts', MAX_DRAFTS * 4),
    }
    this.#readback = new Readback(own.device, 'drafts', MAX_DRAFTS * 4, 2)
    const graphs = draftGraphs(own.inputs, this.#buffers)
    this.#entries = own.create(graphs.entries)
    this.#step = own.create(graphs.step)
    runtime.cache.onGrow.add(this.#rebind)
  }

  /** Writes entries from `position` on, of rows of hidden states and the ids that follow theirs. */
  writeEntries({ buffer, first }: HiddenRows, ids: readonly number[], position: number): void {
    if (ids.length === 0) return
    const { queue } = this.#own.device.gpu
    const bytes = this.#rowBytes
    queue.writeBuffer(this.#buffers.ids, 0, Uint32Array.from(ids))
    this.#submit(this.#entries, position, ids.length, (encoder) => {
      encoder.copyBufferToBuffer(buffer, first * bytes, this.#buffers.rows, 0, ids.length * bytes)
    })
  }

  /**
   * Drafts `count` tokens, one after the other, each from the state of the one before. `id` follows the token
   * at `position`, whose hidden state is given. The ids are in `ids` when what is submitted has run.
   */
  draft({ buffer, first }: HiddenRows, id: number, position: number, count: number): Promise<number[]> {
    const { hidden, state, token, drafts } = this.#buffers
    const bytes = this.#rowBytes
    this.#own.device.gpu.queue.writeBuffer(token, 0, Uint32Array.of(id))
    let read: (() => Promise<ArrayBuffer>) | undefined
    for (let index = 0; index < count; index++) {
      const before = (encoder: GPUCommandEncoder) => {
        if (index === 0) encoder.copyBufferToBuffer(buffer, first * bytes, hidden, 0, bytes)
        else encoder.copyBufferToBuffer(state, 0, hidden, 0, bytes)
      }
      this.#submit(this.#step, position + index, 1, before, (encoder) => {
        encoder.copyBufferToBuffer(token, 0, drafts, index * 4, 4)
        if (index === count - 1) read = this.#readback.encode(encoder, drafts)
      })
    }
    const ids = read?.() ?? Promise.resolve(new ArrayBuffer(0))
    return ids.then((bytes) => [...new Uint32Array(bytes)].slice(0, count))
  }

  /** The latest drafts, u32 [MAX_DRAFTS]. */
  get ids(): GPUBuffer {
    return this.#buffers.drafts
  }

  /** The logits of the latest draft, f32 [vocab]. */
  async readLogits(): Promise<Float32Array> {
    const bytes = this.#own.inputs.spec.vocabSize * 4
    return new Float32Array(await readBuffer(this.#own.device, this.#buffers.logits, bytes))
  }

  /** Frees its memory. Nothing that was submitted may still use it. */
  close(): void {
    this.#runtime.cache.onGrow.delete(this.#rebind)
    this.#entries.destroy()
    this.#step.destroy()
    this.#readback.destroy()
    for (const allocation of this.#allocations) allocation.free()
  }

  #submit(
    program: DispatchProgram,
    position: number,
    tokens: number,
    before: (encoder: GPUCommandEncoder) => void = () => {},
    after: (encoder: GPUCommandEncoder) => void = () => {},
  ): void {
    const { gpu, capabilities } = this.#own.device
    const split = splitTokens(position + tokens, capabilities)
    const step = { ...PLAIN_STEP, position, tokens, split }
    writeStep(step, this.#view)
    gpu.queue.writeBuffer(this.#runtime.state.step, 0, this.#view.buffer as ArrayBuffer)
    const encoder = gpu.createCommandEncoder()
    before(encoder)
    program.encode(encoder, step)
    after(encoder)
    gpu.queue.submit([encoder.finish()])
  }

  #allocate(name: string, bytes: number): GPUBuffer {
    const allocation = this.#own.device.arena.allocate('state', `drafts: ${name}`, allocatedBytes(bytes))
    this.#allocations.push(allocation)
    return allocation.buffer
  }
}

/** The dispatches of a draft layer, without buffers behind them. */
export function draftDispatches(inputs: GraphInputs): readonly Dispatch[] {
  const buffers = Object.fromEntries(OPERANDS.map((name) => [name, unboundBuffer])) as Record<
    OperandName,
    () => GPUBuffer
  >
  const { entries, step } = draftGraphs(inputs, buffers)
  return [...entries.dispatches, ...step.dispatches]
}

/** The graphs of a draft layer: the entries of at most `prefillChunk` rows, and one draft. */
function draftGraphs(
  inputs: GraphInputs,
  buffers: Readonly<Record<OperandName, GPUBuffer | (() => GPUBuffer)>>,
): { readonly entries: Graph; readonly step: Graph } {
  const { hiddenSize, vocabSize } = inputs.spec
  const model = forwardModel(inputs)
  const [entries, step] = [new Graph(), new Graph()]
  const own = (graph: Graph, name: OperandName, rows: number, cols: number): Activation =>
    graph.activation(name, [rows, cols], { ownBuffer: resource(buffers[name]) })
  const rowsOf = (context: OpContext, ids: 'ids' | 'token', hidden: 'rows' | 'hidden'): DraftRows => ({
    ids: resource(buffers[ids]),
    hidden: own(context.graph, hidden, context.mode.rows, hiddenSize),
  })
  const chunk = opContext(entries, inputs, 'prefill')
  draftEntries(chunk, model, rowsOf(chunk, 'ids', 'rows'))
  const single = opContext(step, inputs, 'decode')
  const logits = own(step, 'logits', 1, vocabSize)
  draftStep(single, model, rowsOf(single, 'token', 'hidden'), {
    state: own(step, 'state', 1, hiddenSize),
    logits,
  })
  step.dispatch(sampleToken, {
    constants: { VOCAB: vocabSize },
    operands: {
      adjusted: logits,
      counts: resource(buffers.counts),
      token: resource(buffers.token),
      result: resource(buffers.result),
    },
    grid: [1],
  })
  return { entries, step }
}
