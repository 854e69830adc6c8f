// Decode steps of several rows at once, each with its own position and page table. Loaded on demand.
import type { Allocation } from '../../gpu/arena.ts'
import type { Capabilities } from '../../gpu/limits.ts'
import { padTo } from '../../gpu/matrix.ts'
import { Readback, readBuffers } from '../../gpu/readback.ts'
import { PLAIN_STEP, STEP_BYTES, type Step, writeStep } from '../../kernels/step.ts'
import { assert, expectDefined } from '../../lib/error.ts'
import { HIDDEN } from '../../models/forward.ts'
import { type Graph, resource } from '../../program/graph.ts'
import type { DispatchProgram } from '../../program/program.ts'
import { batchGraph } from './batch-graph.ts'
import { ALIGNED_WORDS, BatchSamplers } from './batch-samplers.ts'
import { PAGE_TOKENS, splitTokens } from './kv-cache.ts'
import type { OwnPrograms } from './own-programs.ts'
import { type Runtime, type SamplingStepFields, STEPS_IN_FLIGHT } from './runtime.ts'
import { RESULT_BYTES } from './state.ts'
import type { GenerateTask } from './task.ts'

/** Most rows of a step. */
const MAX_BATCH_ROWS = 8

/**
 * How many rows a step should have at most. Software adapters compile kernels of 8 rows for half a minute,
 * and run them no faster for each row than those of 4.
 */
export const rowsAtOnce = ({ software }: Pick<Capabilities, 'software'>): number =>
  software ? MAX_BATCH_ROWS / 2 : MAX_BATCH_ROWS

/** Rows that there are kernels for (shaders/shared/rows_*); a step runs the smallest that it fits. */
const SIZES = [1, 2, 4, MAX_BATCH_ROWS]

/** Words of `pages` for each row, before the page tables (shaders/shared/row_pages). */
const ROW_WORDS = 4

/** A u32 in a buffer. */
export interface IdOnGpu {
  readonly buffer: GPUBuffer
  readonly offset: number // bytes
}

/**
 * One row of a step. Rows of one session are consecutive positions: each sees the keys and values of those
 * before it in the same step.
 */
export interface BatchRow {
  readonly position: number
  /** The page table of its session, with a page for its position. */
  readonly pages: readonly number[]
  /** Which sampling state it uses. */
  readonly sampler: number
  /** The id to run, or where it is on the GPU; by default the one that `sampler` has sampled last. */
  readonly id?: number | IdOnGpu | undefined
  /** How the next id is sampled from its logits; by default it is not. */
  readonly fields?: SamplingStepFields | undefined
}

interface BatchOptions {
  readonly rows: number // most rows of a step, and samplers
  readonly logprobs?: boolean // whether results have log-probabilities
}

/**
 * Programs and state of batched decode over a runtime's weights and KV cache. A row's logits have the bits
 * that decoding it alone gives. It needs the runtime for itself while a step is submitted, and no longer.
 */
export class Batch {
  readonly #runtime: Runtime
  readonly #own: OwnPrograms
  readonly #allocations: Allocation[] = []
  readonly #programs = new Map<number, DispatchProgram>() // by size
  readonly #begun = new Set<number>() // sizes whose programs compile or are compiled
  readonly #usable = new Set<number>() // sizes whose programs are compiled
  readonly #ids: GPUBuffer
  readonly #pages: GPUBuffer
  readonly #logits: GPUBuffer
  readonly #results: GPUBuffer
  readonly #stride: number // of a row of logits, in floats
  readonly #samplers: BatchSamplers
  readonly #readback: Readback
  #hidden: GPUBuffer | undefined
  readonly #view = new DataView(new ArrayBuffer(STEP_BYTES))
  readonly #rebind = () => {
    for (const size of this.#usable) this.#programOf(size).rebind()
  }

  /** Allocates and compiles what steps of `rows` rows need. Throws `out_of_memory`. */
  static open(runtime: Runtime, options: BatchOptions): Promise<Batch> {
    const { device } = runtime.ownPrograms
    return device.arena.guard(`decoding ${options.rows} rows at once`, async () => {
      const batch = new Batch(runtime, options)
      await batch.#compile()
      return batch
    })
  }

  private constructor(runtime: Runtime, { rows, logprobs = false }: BatchOptions) {
    assert(rows >= 1 && rows <= MAX_BATCH_ROWS, `a batch of ${rows} rows`)
    const own = runtime.ownPrograms
    this.#runtime = runtime
    this.#own = own
    this.#stride = padTo(runtime.spec.vocabSize, ALIGNED_WORDS)
    const maxPages = Math.ceil(runtime.options.contextLength / PAGE_TOKENS)
    this.#ids = this.#allocate('ids', rows * 4)
    this.#pages = this.#allocate('pages of rows', rows * (ROW_WORDS + maxPages) * 4)
    this.#logits = this.#allocate('logits of rows', rows * this.#stride * 4)
    this.#results = this.#allocate('results of rows', rows * RESULT_BYTES)
    const logits = { logits: this.#logits, stride: this.#stride }
    this.#samplers = new BatchSamplers(own, { count: rows, ...logits, logprobs })
    this.#readback = new Readback(own.device, 'results', rows * RESULT_BYTES, STEPS_IN_FLIGHT)
    for (const size of SIZES) {
      this.#programs.set(size, own.create(this.#graph(size)))
      if (size >= rows) break
    }
    runtime.cache.onGrow.add(this.#rebind)
  }

  /** As `Runtime.writeSampling`, for one sampler. */
  writeSampling(sampler: number, task: Pick<GenerateTask, 'sampling' | 'prompt' | 'resume'>): void {
    this.#samplers.writeSampling(sampler, task)
  }

  /** As `Runtime.writeMask`, for one sampler. */
  writeMask(sampler: number, mask: Uint32Array | undefined): void {
    this.#samplers.writeMask(sampler, mask)
  }

  /**
   * Runs the rows. Resolves with their results, 256 bytes each (`decodeSampleResult`); those of rows that are
   * not sampled mean nothing. At most STEPS_IN_FLIGHT may be outstanding.
   */
  step(rows: readonly BatchRow[]): Promise<ArrayBuffer[]> {
    const { queue } = this.#own.device.gpu
    const program = this.#programOf(this.#sizeFor(rows.length))
    this.#hidden = program.bufferOf(HIDDEN)
    const step = this.#writeRows(rows)
    rows.forEach(({ id }, row) => {
      if (typeof id === 'number') queue.writeBuffer(this.#ids, row * 4, Uint32Array.of(id))
    })
    return this.#submit(rows, (encoder) => {
      rows.forEach(({ id, sampler }, row) => {
        if (typeof id === 'number') return
        const { buffer, offset } = id ?? { buffer: this.#samplers.token(sampler), offset: 0 }
        encoder.copyBufferToBuffer(buffer, offset, this.#ids, row * 4, 4)
      })
      this.#runtime.dispatches = program.encode(encoder, step)
    })
  }

  /** Samples with each sampler from the logits that the runtime's latest step left, as `Runtime.sample`. */
  sample(rows: readonly Pick<BatchRow, 'sampler' | 'fields'>[]): Promise<ArrayBuffer[]> {
    const { spec, state } = this.#runtime
    return this.#submit(rows, (encoder) => {
      for (const row of rows.keys())
        encoder.copyBufferToBuffer(state.logits, 0, this.#logits, row * this.#stride * 4, spec.vocabSize * 4)
    })
  }

  /** The logits of the first rows of the latest step, f32 [vocab] each. */
  async readLogits(rows: number): Promise<Float32Array[]> {
    const bytes = this.#runtime.spec.vocabSize * 4
    const ranges = Array.from({ length: rows }, (_, row) => ({
      source: this.#logits,
      bytes,
      offset: row * this.#stride * 4,
    }))
    return (await readBuffers(this.#own.device, ranges)).map((read) => new Float32Array(read))
  }

  /** The normed hidden states of the latest step's rows; undefined where no draft layer is loaded. */
  get hidden(): GPUBuffer | undefined {
    return this.#hidden
  }

  /** The dispatches of a step of so many rows. */
  graphFor(rows: number): Graph {
    return this.#programOf(this.#smallest(rows)).graph
  }

  /** Frees its memory. Nothing that was submitted may still use it. */
  close(): void {
    this.#runtime.cache.onGrow.delete(this.#rebind)
    for (const program of this.#programs.values()) program.destroy()
    this.#samplers.destroy()
    this.#readback.destroy()
    for (const allocation of this.#allocations) allocation.free()
  }

  async #compile(): Promise<void> {
    const largest = Math.max(...this.#programs.keys())
    await Promise.all([this.#prepare(largest), this.#samplers.compile()])
  }

  async #prepare(size: number): Promise<void> {
    this.#begun.add(size)
    await this.#programOf(size).compile()
    this.#programOf(size).rebind() // the KV cache may have grown meanwhile
    this.#usable.add(size)
  }

  /** The program to run; a smaller one that would do is compiled meanwhile. */
  #sizeFor(rows: number): number {
    const wanted = this.#smallest(rows)
    // If it does not compile, the larger one goes on.
    if (!this.#begun.has(wanted)) this.#prepare(wanted).catch(() => {})
    return Math.min(...[...this.#usable].filter((size) => size >= rows))
  }

  #smallest = (rows: number): number => Math.min(...[...this.#programs.keys()].filter((size) => size >= rows))

  #programOf = (size: number): DispatchProgram =>
    expectDefined(this.#programs.get(size), `a program of ${size} rows`)

  /** Writes positions, splits and page tables. Returns the step, which has the splits of the longest row. */
  #writeRows(rows: readonly BatchRow[]): Step {
    const { device } = this.#own
    const tables = new Map<readonly number[], number>() // where each begins
    const words: number[] = []
    let splits = 1
    let end = rows.length * ROW_WORDS
    for (const { position, pages } of rows) {
      const split = splitTokens(position + 1, device.capabilities)
      splits = Math.max(splits, Math.ceil((position + 1) / split))
      const table = tables.get(pages) ?? end
      if (!tables.has(pages)) end += pages.length
      tables.set(pages, table)
      words.push(position, split, table, 0)
    }
    for (const pages of tables.keys()) words.push(...pages)
    device.gpu.queue.writeBuffer(this.#pages, 0, Uint32Array.from(words))
    const tokens = rows.length
    const step = { ...PLAIN_STEP, position: splits * PAGE_TOKENS - tokens, tokens, split: PAGE_TOKENS }
    writeStep(step, this.#view)
    device.gpu.queue.writeBuffer(this.#runtime.state.step, 0, this.#view.buffer as ArrayBuffer)
    return step
  }

  #submit(
    rows: readonly Pick<BatchRow, 'sampler' | 'fields'>[],
    encode: (encoder: GPUCommandEncoder) => void,
  ): Promise<ArrayBuffer[]> {
    const { gpu } = this.#own.device
    const encoder = gpu.createCommandEncoder()
    encode(encoder)
    rows.forEach(({ sampler, fields }, row) => {
      if (!fields) return
      this.#samplers.writeFields(sampler, fields)
      this.#samplers.encode(
        encoder,
        row,
        sampler,
        { into: this.#results, offset: row * RESULT_BYTES },
        fields,
      )
    })
    const read = this.#readback.encode(encoder, this.#results)
    gpu.queue.submit([encoder.finish()])
    const results = read().then((bytes) =>
      rows.map((_, row) => bytes.slice(row * RESULT_BYTES, (row + 1) * RESULT_BYTES)),
    )
    results.catch(() => {}) // whoever awaits them gets the error
    return results
  }

  #graph(size: number): Graph {
    const { inputs } = this.#own
    const logits = resource(this.#logits)
    return batchGraph(inputs, size, {
      ids: resource(this.#ids),
      pages: resource(this.#pages),
      logits,
      stride: this.#stride,
    })
  }

  #allocate(name: string, bytes: number): GPUBuffer {
    const allocation = this.#own.device.arena.allocate('state', name, bytes)
    this.#allocations.push(allocation)
    return allocation.buffer
  }
}
