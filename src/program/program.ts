// Answers: how does a graph run? Compiled once into pipelines, buffers and bind groups; then replayed per step without making anything.
// It must not know what is computed.
import type { Allocation } from '../gpu/arena.ts'
import type { Device } from '../gpu/device.ts'
import type { PipelineCache } from '../gpu/kernel.ts'
import { bindableBytes } from '../gpu/limits.ts'
import type { Timing } from '../gpu/profiler.ts'
import type { Step } from '../kernels/step.ts'
import { HadalError, present } from '../lib/error.ts'
import type { Activation, Dispatch, Graph, Operand } from './graph.ts'
import { planMemory } from './memory.ts'

/** The uniforms every program shares. */
export interface Uniforms {
  readonly step: GPUBuffer // 64 bytes
  readonly blocks: GPUBuffer // { index } at every BLOCK_STRIDE bytes, read with a dynamic offset
}

/** What WebGPU wants dynamic offsets to be multiples of. */
export const BLOCK_STRIDE = 256

const fitsGrid = (groups = 1): boolean => groups < 2 ** 16

interface Record {
  readonly dispatch: Dispatch
  readonly pipeline: GPUComputePipeline
  readonly usesBlock: boolean
  group: GPUBindGroup
}

/** A recorded list of dispatches. */
export class Program {
  readonly #device: Device
  readonly #pipelines: PipelineCache
  readonly #uniforms: Uniforms
  readonly #graph: Graph
  readonly #buffers: ReadonlyMap<Activation, GPUBuffer>
  readonly #allocations: readonly Allocation[]
  #records: Record[] = []

  /** Allocates the activations; what the graph reads beside them may come later. Throws as `planMemory` and `Arena.allocate` do. */
  constructor(device: Device, pipelines: PipelineCache, uniforms: Uniforms, graph: Graph) {
    this.#device = device
    this.#pipelines = pipelines
    this.#uniforms = uniforms
    this.#graph = graph
    const plan = planMemory(graph.dispatches, bindableBytes(device.capabilities))
    this.#allocations = plan.bytes.map((bytes, slot) =>
      device.arena.allocate('activations', `slot ${slot}`, bytes),
    )
    this.#buffers = new Map(
      [...plan.slots].map(([activation, slot]) => [
        activation,
        present(this.#allocations[slot], 'a slot').buffer,
      ]),
    )
  }

  /** Compiles every pipeline, all at once and off the calling thread where the browser can. Needed before the first step. */
  async compile(): Promise<void> {
    this.#records = await Promise.all(
      this.#graph.dispatches.map(async (dispatch) => ({
        dispatch,
        pipeline: await this.#pipelines.prepare(dispatch),
        usesBlock: Object.values(dispatch.kernel.bindings).some((binding) => binding.dynamic),
        group: this.#bind(dispatch),
      })),
    )
  }

  /** Makes the bind groups anew, after a resource (a grown KV cache) has changed its buffer. */
  rebind(): void {
    for (const record of this.#records) record.group = this.#bind(record.dispatch)
  }

  /** Records one step into the encoder. Returns how many dispatches that took. */
  encode(encoder: GPUCommandEncoder, step: Readonly<Step>, timing?: Timing): number {
    const each = timing?.per === 'dispatch' ? timing.profiler : undefined
    const pass = each ? undefined : encoder.beginComputePass(timing?.profiler.next('step'))
    let count = 0
    for (let start = 0; start < this.#records.length; ) {
      const end = this.#loopEnd(start)
      const loop = present(this.#records[start], 'a record').dispatch.loop
      const rounds = loop === 0 ? 1 : present(this.#graph.loops[loop - 1], 'a loop')(step)
      for (let block = 0; block < rounds; block++) {
        for (let i = start; i < end; i++) {
          const record = present(this.#records[i], 'a record')
          const timed = each && encoder.beginComputePass(each.next(record.dispatch.kernel.name))
          this.#encodeOne(pass ?? present(timed, 'a compute pass'), record, step, block)
          timed?.end()
          count++
        }
      }
      start = end
    }
    pass?.end()
    return count
  }

  /** Frees the activations. */
  destroy(): void {
    for (const allocation of this.#allocations) allocation.free()
    this.#records = []
  }

  #loopEnd(start: number): number {
    const loop = this.#records[start]?.dispatch.loop ?? 0
    let end = start + 1
    while (loop !== 0 && this.#records[end]?.dispatch.loop === loop) end++
    return end
  }

  #encodeOne(pass: GPUComputePassEncoder, record: Record, step: Readonly<Step>, block: number): void {
    const { grid } = record.dispatch
    pass.setPipeline(record.pipeline)
    if (record.usesBlock) pass.setBindGroup(0, record.group, [block * BLOCK_STRIDE])
    else pass.setBindGroup(0, record.group)
    const size = typeof grid === 'function' ? grid(step) : grid
    if (!size.every(fitsGrid)) {
      throw new HadalError('internal', `the grid of ${record.dispatch.kernel.name} is too large`)
    }
    pass.dispatchWorkgroups(...size)
  }

  #bind({ kernel, operands }: Dispatch): GPUBindGroup {
    const entries = Object.entries(kernel.bindings).map(([name, { type }], binding): GPUBindGroupEntry => {
      if (type === 'Step') return { binding, resource: { buffer: this.#uniforms.step } }
      if (type === 'Block') return { binding, resource: { buffer: this.#uniforms.blocks, size: 16 } }
      return { binding, resource: this.#locate(present(operands[name], `operand ${name} of ${kernel.name}`)) }
    })
    return this.#device.gpu.createBindGroup({
      label: kernel.name,
      layout: this.#pipelines.layout(kernel),
      entries,
    })
  }

  #locate(operand: Operand): GPUBufferBinding {
    const base = operand.kind === 'view' ? operand.of : operand
    const buffer = base.kind === 'resource' ? base.buffer() : this.#bufferOf(base)
    return { buffer, offset: operand.kind === 'view' ? operand.offset : 0 }
  }

  #bufferOf(activation: Activation): GPUBuffer {
    return (
      activation.home?.buffer() ?? present(this.#buffers.get(activation), `the buffer of ${activation.name}`)
    )
  }
}
