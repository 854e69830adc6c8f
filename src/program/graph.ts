// The graph of one step: a flat list of dispatches over named operands, recorded before any buffer exists.
import type { Binding, Kernel } from '../gpu/kernel.ts'
import type { Imports } from '../gpu/linker.ts'
import { CHUNK, padTo } from '../gpu/matrix.ts'
import type { Step } from '../kernels/step.ts'

/** A result that lives within a step. */
export interface Activation {
  readonly kind: 'activation'
  readonly name: string
  readonly type: 'f32' | 'u32'
  readonly rows: number // maximum that a step uses
  readonly cols: number
  readonly stride: number // words per row: f32 rows are padded to whole chunks
  readonly ownBuffer: Resource | undefined // outlives the step; else the memory plan assigns a buffer
}

interface ActivationOptions {
  readonly type?: Activation['type']
  readonly ownBuffer?: Resource
}

/** A buffer that outlives the step: weights, KV cache, tables. Read at bind time, since a cache may grow. */
export interface Resource {
  readonly kind: 'resource'
  readonly buffer: () => GPUBuffer
}

/** An operand bound from a byte offset on, which WebGPU requires to be a multiple of 256. */
export interface BufferView {
  readonly kind: 'view'
  readonly of: Activation | Resource
  readonly offset: number
}

/** What a storage binding of a kernel is bound to. */
export type KernelOperand = Activation | Resource | BufferView

/** Workgroups per dimension. */
export type GridSize = readonly [x: number, y?: number, z?: number]
/** The grid of a dispatch: fixed, or computed from the step when it runs. */
export type Grid = GridSize | ((step: Readonly<Step>) => GridSize)
/** How long one workgroup of a dispatch takes in a step, relative to other steps. */
export type WorkPerGroup = (step: Readonly<Step>) => number

/** One recorded run of a kernel. */
export interface Dispatch {
  readonly kernel: Kernel
  readonly constants: Readonly<Record<string, number>>
  readonly imports: Imports
  readonly operands: Readonly<Record<string, KernelOperand>>
  readonly grid: Grid
  readonly work: WorkPerGroup
  readonly loop: number // the dispatches of a loop share its number; 0: no loop
}

/** How often a loop's dispatches run in a step. They read the number of the round as `Block.index`. */
export type LoopCount = (step: Readonly<Step>) => number

/** Operands of a kernel: one per storage binding. The program itself binds the uniforms. */
type OperandsOf<B extends Readonly<Record<string, Binding>>> = {
  readonly [K in keyof B as B[K] extends { readonly access: 'uniform' } ? never : K]: KernelOperand
}

export interface DispatchOptions<B extends Readonly<Record<string, Binding>>, C extends string> {
  readonly constants: { readonly [K in C]?: number | boolean }
  readonly imports?: Imports
  readonly operands: Omit<OperandsOf<B>, 'step' | 'block'>
  readonly grid: Grid
  readonly work?: WorkPerGroup // default: the same in every step
}

/** Makes an operand of a buffer that outlives the step. */
export const resource = (buffer: GPUBuffer | (() => GPUBuffer)): Resource => ({
  kind: 'resource',
  buffer: typeof buffer === 'function' ? buffer : () => buffer,
})

/** Records dispatches. One graph becomes one program. */
export class Graph {
  readonly dispatches: Dispatch[] = []
  readonly loops: LoopCount[] = []
  #loop = 0

  /** Declares an activation [rows, cols]. It takes memory only if a dispatch uses it. */
  activation(
    name: string,
    [rows, cols]: readonly [rows: number, cols: number],
    { type = 'f32', ownBuffer }: ActivationOptions = {},
  ): Activation {
    const stride = type === 'f32' ? padTo(cols, CHUNK) : cols
    return { kind: 'activation', name, type, rows, cols, stride, ownBuffer }
  }

  /** Declares `words` f32 without rows or padding, for kernels with a layout of their own. */
  unpadded(name: string, words: number): Activation {
    return {
      kind: 'activation',
      name,
      type: 'f32',
      rows: 1,
      cols: words,
      stride: words,
      ownBuffer: undefined,
    }
  }

  /** Records one dispatch. The type checker demands an operand for every storage binding of the kernel. */
  dispatch<B extends Readonly<Record<string, Binding>>, C extends string>(
    kernel: Kernel<B, C>,
    call: DispatchOptions<B, C>,
  ): void {
    const constants: Record<string, number> = {}
    for (const [name, value] of Object.entries<number | boolean | undefined>(call.constants)) {
      if (value !== undefined) constants[name] = Number(value)
    }
    this.dispatches.push({
      kernel,
      constants,
      imports: call.imports ?? {},
      operands: call.operands as Readonly<Record<string, KernelOperand>>,
      grid: call.grid,
      work: call.work ?? (() => 1),
      loop: this.#loop,
    })
  }

  /** Records dispatches of another graph into this one. */
  append(dispatches: readonly Dispatch[]): void {
    this.dispatches.push(...dispatches.map((dispatch) => ({ ...dispatch, loop: this.#loop })))
  }

  /** Runs the dispatches of `body` `count(step)` times. Loops do not nest. */
  repeat(count: LoopCount, body: () => void): void {
    this.#loop = this.loops.push(count)
    body()
    this.#loop = 0
  }
}
