// Answers: what is one measured kernel? How it is recorded, what it must compute, what it reads and multiplies.
// It must not know how time is taken.
import { type Format, type GpuMatrix, layoutMatrix, layoutPart } from '../../gpu/matrix.ts'
import type { Factors } from '../../kernels/linear.ts'
import type { Step } from '../../kernels/step.ts'
import type { Context, Mode } from '../../models/ops.ts'
import { type Dispatch, Graph, type Operand, type Resource } from '../../program/graph.ts'
import type { Widths } from './model.ts'
import type { Room } from './room.ts'

/** What a case is built for. */
export interface Setting {
  readonly room: Room
  readonly widths: Widths
  /** Of the weights; kernels without any do not look. */
  readonly format: Format
  readonly tokens: number
  readonly products: Factors
  /** Tokens in the KV cache, those of the step included. */
  readonly context: number
  /** Bytes that a round of a case with the ceiling `bytes` reads at least, each once: more than any cache holds. */
  readonly roundBytes: number
}

/** What must come out of a kernel, and how far it may be off: a relative error. */
export interface Proof {
  readonly actual: ArrayLike<number>
  readonly wanted: ArrayLike<number>
  readonly tolerance: number
  /** Which rows of the kernel's result these are, where not all are proven. */
  readonly rows?: readonly number[]
}

/**
 * Relative errors against f64 that are let pass. `f32`: sums of f32 over inputs that are exact. `f16`: results that the kernel itself rounds to
 * f16, as records of the KV cache are; reading such records is exact, and held to `f32`. `exact`: ids.
 */
export const TOLERANCE = { f32: 1e-5, f16: 1e-3, exact: 0 } as const

/** Relative errors of prefill's products, with some room: inputs may be rounded to f16, or to 8 bits under the scale of their 32. */
export const PREFILL_TOLERANCE: Readonly<Record<Factors, number>> = {
  f32: TOLERANCE.f32,
  f16: 3e-3,
  i8: 2e-2,
}

/** What one run must read at least, and what it multiplies. What it writes, and inputs that are small beside the rest, are not counted. */
export interface Cost {
  readonly weightBytes: number // in the format of the case
  readonly plainBytes: number // of everything else: cache, activations
  readonly flops: number
}

export interface Case {
  readonly shape: string
  /** One round: the same kernel over several copies of what it reads. */
  readonly dispatches: readonly Dispatch[]
  /** Runs of the kernel in a round. */
  readonly runs: number
  /** What is run to be checked: the dispatches of the first run, and before them what those need. */
  readonly first: readonly Dispatch[]
  readonly cost: Cost
  readonly step: Partial<Step>
  /** After `first` has run: what is there, and what f64 says. */
  result(): Promise<readonly Proof[]>
}

export interface CaseMaker {
  readonly kernel: string
  readonly role: string
  /** How many rows it is given: those of a decode step or of a chunk of prefill. */
  readonly mode: Mode['name']
  /** Measured in every format that is asked for, in its own alone, or without weights. */
  readonly stored: 'any' | 'none' | Format
  /**
   * What it is compared with. `bytes`: its weights streamed through as a minimal loop does it, the rest by the best streaming read.
   * `product`: its multiplications by the best tiled product.
   */
  readonly ceiling: 'bytes' | 'product'
  make(setting: Setting): Promise<Case>
}

/** Records with the engine's own functions, so that variants and constants are those of a model. */
export function record(
  { room, tokens, products }: Pick<Setting, 'room' | 'tokens' | 'products'>,
  mode: Mode['name'],
  body: (context: Context) => void,
): Dispatch[] {
  const graph = new Graph()
  const { capabilities } = room.device
  body({
    graph,
    mode: { name: mode, rows: rowsFor(mode, tokens), cache: { kind: 'latent', numbers: 'f16' }, products },
    capabilities,
  })
  return graph.dispatches
}

/** Decode has kernels for 1, 2, 4 and 8 rows. */
const rowsFor = (mode: Mode['name'], tokens: number): number =>
  mode === 'decode' ? 2 ** Math.ceil(Math.log2(tokens)) : tokens

/** The dispatches of one kernel, with other operands. */
export const select = (
  dispatches: readonly Dispatch[],
  kernel: string,
  operands: Readonly<Record<string, Operand>>,
): Dispatch[] =>
  dispatches
    .filter((dispatch) => dispatch.kernel.name === kernel)
    .map((dispatch) => ({ ...dispatch, operands: { ...dispatch.operands, ...operands } }))

/** A round of one run for each of `copies`. */
export function roundOver<T>(
  copies: readonly T[],
  run: (copy: T) => readonly Dispatch[],
): Pick<Case, 'dispatches' | 'first' | 'runs'> {
  const each = copies.map(run)
  return { dispatches: each.flat(), first: each[0] ?? [], runs: each.length }
}

/** As many things as a round needs when each has `bytes` bytes, at least two. */
export const copiesOf = <T>({ roundBytes }: Setting, bytes: number, make: () => T): T[] =>
  Array.from({ length: Math.max(2, Math.ceil(roundBytes / bytes)) }, make)

/** A matrix that is recorded but not measured: it has a layout, and `none` for its buffer. */
export function unmeasured(
  format: Format,
  heights: readonly number[],
  cols: number,
  none: Resource,
): GpuMatrix {
  const layout = layoutMatrix(format, heights, cols)
  return { ...layout, parts: [{ ...layoutPart(layout, 0, layout.rows), buffer: none.buffer }] }
}

/** At most `most` of `count` rows, evenly spread, the first and the last among them: f64 on the CPU would take minutes for all of a chunk. */
export function spreadRows(count: number, most: number): number[] {
  if (count <= most) return Array.from({ length: count }, (_, row) => row)
  return Array.from({ length: most }, (_, i) => Math.round((i * (count - 1)) / (most - 1)))
}

/** These rows of [rows, stride], the first `cols` columns of each, one after the other. */
export function takeRows(
  values: ArrayLike<number>,
  rows: readonly number[],
  stride: number,
  cols = stride,
): Float64Array {
  const taken = new Float64Array(rows.length * cols)
  rows.forEach((row, i) => {
    for (let col = 0; col < cols; col++) taken[i * cols + col] = values[row * stride + col] ?? Number.NaN
  })
  return taken
}
