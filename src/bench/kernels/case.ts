// Answers: what is one measured kernel? How it is recorded, what it must compute, what it reads and multiplies.
// It must not know how time is taken.
import type { Format } from '../../gpu/matrix.ts'
import type { Step } from '../../kernels/step.ts'
import type { Context } from '../../models/ops.ts'
import { type Dispatch, Graph, type Operand } from '../../program/graph.ts'
import type { Room } from './room.ts'

/** What a case is built for. */
export interface Setting {
  readonly room: Room
  readonly format: Format
  readonly tokens: number
  /** Bytes of weights that a round reads at least, each once: more than any cache holds. */
  readonly roundBytes: number
}

/** The share of what a kernel is measured by: weights of its format streamed through, or the best product of plain f32 matrices. */
export type Ceiling = 'weights' | 'product'

export interface Case {
  readonly kernel: string
  readonly role: string
  readonly shape: string
  /** One round: the same kernel over several copies of its weights. */
  readonly dispatches: readonly Dispatch[]
  /** Runs of the kernel in a round. */
  readonly runs: number
  /** The dispatches of the first run, which is checked. */
  readonly first: readonly Dispatch[]
  readonly bytes: number // weights and cache read by one run
  readonly flops: number // of one run
  readonly ceiling: Ceiling
  readonly step: Partial<Step>
  /** After `first` has run: what is there, and what f64 says. */
  result(): Promise<{ readonly actual: ArrayLike<number>; readonly wanted: Float64Array }>
}

export interface CaseMaker {
  readonly kernel: string
  readonly role: string
  make(setting: Setting): Promise<Case>
}

/** Records with the engine's own functions, so that variants and constants are those of a model. */
export function record(
  { room, tokens }: Setting,
  mode: 'decode' | 'prefill',
  body: (context: Context) => void,
): Dispatch[] {
  const graph = new Graph()
  const { capabilities } = room.device
  body({
    graph,
    mode: {
      name: mode,
      rows: rowsFor(mode, tokens),
      cache: { kind: 'latent', numbers: 'f16' },
      products: 'f32',
    },
    capabilities,
  })
  return graph.dispatches
}

/** Decode has kernels for 1, 2, 4 and 8 rows. */
const rowsFor = (mode: 'decode' | 'prefill', tokens: number): number =>
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

/** Copies of `bytes` bytes for a round, at least two. */
export const copiesFor = ({ roundBytes }: Setting, bytes: number): number =>
  Math.max(2, Math.ceil(roundBytes / bytes))
