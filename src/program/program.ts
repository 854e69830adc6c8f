// Runs a graph: compiles it once into pipelines, buffers and bind groups, then replays it at every step.
import type { Allocation } from '../gpu/arena.ts'
import type { Device } from '../gpu/device.ts'
import { type PipelineCache, variantKey } from '../gpu/kernel.ts'
import { bindableBytes } from '../gpu/limits.ts'
import type { Profiler, Timing } from '../gpu/profiler.ts'
import type { Step } from '../kernels/step.ts'
import { expectDefined, type HadalError, internalError } from '../lib/error.ts'
import type { Activation, Dispatch, Graph, GridSize, KernelOperand } from './graph.ts'
import { planMemory } from './memory.ts'
import { rectangleOf, type StepPart, type Unit } from './units.ts'

/** The uniforms every program shares. */
export interface Uniforms {
  readonly step: GPUBuffer // the `Step` of kernels/step.ts, 64 bytes
  readonly blocks: GPUBuffer // round i of a loop binds it at i · BLOCK_INDEX_STRIDE bytes and reads i there
}

/** Alignment that WebGPU guarantees for dynamic offsets (minUniformBufferOffsetAlignment), in bytes. */
export const BLOCK_INDEX_STRIDE = 256

/** Workgroups per dimension that every WebGPU device guarantees. */
const MAX_WORKGROUPS = 65_535
const fitsGrid = (workgroups = 1): boolean => workgroups <= MAX_WORKGROUPS

/** A dispatch with its pipeline and bind group. */
interface BoundDispatch {
  readonly dispatch: Dispatch
  readonly pipeline: GPUComputePipeline
  readonly variant: string
  readonly usesBlock: boolean // reads the round of its loop
  group: GPUBindGroup
}

/** Memory of their own for activations, from a byte offset on that is a multiple of 256. */
export type KeptActivations = ReadonlyMap<
  KernelOperand,
  { readonly buffer: GPUBuffer; readonly offset?: number }
>

/** The dispatches of one step, ready to be encoded. */
export class DispatchProgram {
  readonly #device: Device
  readonly #pipelines: PipelineCache
  readonly #uniforms: Uniforms
  readonly graph: Graph
  readonly #buffers: ReadonlyMap<Activation, GPUBuffer>
  readonly #allocations: readonly Allocation[]
  #bound: BoundDispatch[] = []
  #kept: KeptActivations = new Map()

  /** Allocates the activations. Throws as `planMemory` and `Arena.allocate` do. */
  constructor(device: Device, pipelines: PipelineCache, uniforms: Uniforms, graph: Graph) {
    this.#device = device
    this.#pipelines = pipelines
    this.#uniforms = uniforms
    this.graph = graph
    const plan = planMemory(graph.dispatches, bindableBytes(device.capabilities))
    this.#allocations = plan.bytes.map((bytes, slot) =>
      device.arena.allocate('activations', `slot ${slot}`, bytes),
    )
    this.#buffers = new Map(
      [...plan.slots].map(([activation, slot]) => [
        activation,
        expectDefined(this.#allocations[slot], 'a slot').buffer,
      ]),
    )
  }

  /** The buffer of the activation of this name; undefined if no dispatch uses one. */
  bufferOf(name: string): GPUBuffer | undefined {
    return [...this.#buffers].find(([activation]) => activation.name === name)?.[1]
  }

  /** Number of dispatches. */
  get size(): number {
    return this.graph.dispatches.length
  }

  /**
   * Compiles all pipelines in parallel and binds the buffers. Call before the first step.
   * @param onReady called for each dispatch whose pipeline is ready
   */
  async compile(onReady = () => {}): Promise<void> {
    this.#bound = await Promise.all(
      this.graph.dispatches.map(async (dispatch) => {
        const pipeline = await this.#pipelines.prepare(dispatch)
        onReady()
        return {
          dispatch,
          variant: variantKey(dispatch),
          pipeline,
          usesBlock: Object.values(dispatch.kernel.bindings).some((binding) => binding.dynamic),
          group: this.#bind(dispatch),
        }
      }),
    )
  }

  /**
   * Recreates the bind groups: after a resource (a grown KV cache) got a new buffer, or to keep activations.
   * @param kept where activations are from now on, so that later dispatches do not reuse their memory
   */
  rebind(kept = this.#kept): void {
    this.#kept = kept
    for (const bound of this.#bound) bound.group = this.#bind(bound.dispatch)
  }

  /**
   * Encodes one step. Returns the number of dispatches.
   * @param end leaves out the dispatches from this one on
   */
  encode(encoder: GPUCommandEncoder, step: Readonly<Step>, timing?: Timing, end = this.size): number {
    const perDispatch = timing?.per === 'dispatch' ? timing.profiler : undefined
    const pass = perDispatch ? undefined : encoder.beginComputePass(timing?.profiler.next('step'))
    let count = 0
    this.#forEach(step, (bound, block, index) => {
      if (index >= end) return
      const timed = perDispatch && encoder.beginComputePass(perDispatch.next(bound.dispatch.kernel.name))
      const size = gridOf(bound.dispatch, step)
      encodeDispatch(pass ?? expectDefined(timed, 'a compute pass'), bound, block, size)
      timed?.end()
      count++
    })
    pass?.end()
    return count
  }

  /** The units of a step, for a caller that encodes it in parts. */
  units(step: Readonly<Step>): readonly Unit[] {
    const units: Unit[] = []
    this.#forEach(step, ({ dispatch, variant }, block, index) => {
      const { kernel, work } = dispatch
      const grid = gridOf(dispatch, step)
      units.push({ dispatch: index, block, kernel, variant, grid, work: work(step) })
    })
    return units
  }

  /** Encodes a part of a step, as one pass. The step uniform must hold where its slice begins. */
  encodePart(
    encoder: GPUCommandEncoder,
    units: readonly Unit[],
    { first, end, slice }: StepPart,
    profiler?: Profiler,
  ): void {
    const pass = encoder.beginComputePass(profiler?.next('part'))
    for (let i = first; i < end; i++) {
      const unit = expectDefined(units[i], 'a unit')
      const size = slice ? rectangleOf(unit, slice).size : unit.grid
      encodeDispatch(pass, expectDefined(this.#bound[unit.dispatch], 'a dispatch'), unit.block, size)
    }
    pass.end()
    profiler?.resolve(encoder)
  }

  /** Frees the activations. */
  destroy(): void {
    for (const allocation of this.#allocations) allocation.free()
    this.#bound = []
  }

  #loopEnd(start: number): number {
    const loop = this.#bound[start]?.dispatch.loop ?? 0
    let end = start + 1
    while (loop !== 0 && this.#bound[end]?.dispatch.loop === loop) end++
    return end
  }

  /** Visits the dispatches of a step in order, those of a loop once for each round. */
  #forEach(step: Readonly<Step>, visit: (bound: BoundDispatch, block: number, index: number) => void): void {
    for (let start = 0; start < this.#bound.length; ) {
      const end = this.#loopEnd(start)
      const loop = expectDefined(this.#bound[start], 'a dispatch').dispatch.loop
      const rounds = loop === 0 ? 1 : expectDefined(this.graph.loops[loop - 1], 'a loop')(step)
      for (let block = 0; block < rounds; block++) {
        for (let i = start; i < end; i++) visit(expectDefined(this.#bound[i], 'a dispatch'), block, i)
      }
      start = end
    }
  }

  #bind({ kernel, operands }: Dispatch): GPUBindGroup {
    const entries = Object.entries(kernel.bindings).map(([name, { type }], binding): GPUBindGroupEntry => {
      if (type === 'Step') return { binding, resource: { buffer: this.#uniforms.step } }
      if (type === 'Block') return { binding, resource: { buffer: this.#uniforms.blocks, size: 16 } }
      return {
        binding,
        resource: this.#locate(expectDefined(operands[name], `operand ${name} of ${kernel.name}`)),
      }
    })
    return this.#device.gpu.createBindGroup({
      label: kernel.name,
      layout: this.#pipelines.layout(kernel),
      entries,
    })
  }

  #locate(operand: KernelOperand): GPUBufferBinding {
    const kept = this.#kept.get(operand)
    if (kept) return kept
    const base = operand.kind === 'view' ? operand.of : operand
    const buffer = base.kind === 'resource' ? base.buffer() : this.#activationBuffer(base)
    return { buffer, offset: operand.kind === 'view' ? operand.offset : 0 }
  }

  #activationBuffer(activation: Activation): GPUBuffer {
    return (
      activation.ownBuffer?.buffer() ??
      expectDefined(this.#buffers.get(activation), `the buffer of ${activation.name}`)
    )
  }
}

function encodeDispatch(
  pass: GPUComputePassEncoder,
  { pipeline, usesBlock, group }: BoundDispatch,
  block: number,
  size: GridSize,
): void {
  pass.setPipeline(pipeline)
  if (usesBlock) pass.setBindGroup(0, group, [block * BLOCK_INDEX_STRIDE])
  else pass.setBindGroup(0, group)
  pass.dispatchWorkgroups(...size)
}

/** The grid of a dispatch in a step. Throws `internal` if WebGPU does not guarantee it. */
function gridOf({ kernel, grid }: Dispatch, step: Readonly<Step>): GridSize {
  const size = typeof grid === 'function' ? grid(step) : grid
  if (!size.every(fitsGrid)) throw gridError(kernel.name, size)
  return size
}

function gridError(kernel: string, size: GridSize): HadalError {
  const message = `The grid of ${kernel} is too large: ${size.join(' × ')} workgroups.`
  return internalError(`${message} WebGPU guarantees ${MAX_WORKGROUPS} per dimension.`)
}
