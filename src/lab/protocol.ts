// Answers: what do the kernel lab's page and its worker say to each other? Plain data; answers that take time come on a MessagePort, as those
// of worker/protocol.ts do. It must not know WebGPU, nor how anything is measured.
import type { KernelRow } from '../bench/kernels/bench.ts'
import type { TunedDecision } from '../bench/tune.ts'
import type { Capabilities } from '../gpu/limits.ts'
import type { Format } from '../gpu/matrix.ts'
import type { Decision, Choice as Reasoned, VariantLists, Variants } from '../gpu/variants.ts'
import type { Outcome, PlainError } from '../worker/protocol.ts'

export type { KernelRow } from '../bench/kernels/bench.ts'
export type { TunedDecision, TunedVariant } from '../bench/tune.ts'
export type { Format } from '../gpu/matrix.ts'
export type { Decision, Variants } from '../gpu/variants.ts'
export type { Spread } from '../lib/spread.ts'
export { fromPlain } from '../worker/protocol.ts'

/** The role of a kernel that multiplies a matrix of a shape of one's own. */
export const GIVEN = 'given'

/** What is looked at. */
export interface Experiment {
  readonly kernel: string
  readonly role: string
  /** Of the matrix, for the role `given`; otherwise nobody looks at it. */
  readonly shape: { readonly rows: number; readonly cols: number }
  readonly format: Format
  /** Input rows of a step. */
  readonly tokens: number
  /** Where another variant is wanted than the one that the engine chooses. */
  readonly variants: Partial<Variants>
}

/** How much is done for a figure. */
export interface Effort {
  /** Bytes of weights that a round reads, each once. */
  readonly roundBytes: number
  readonly repetitions: number
}

/** A kernel in a role. */
export interface LabCase {
  readonly kernel: string
  readonly role: string
  readonly prefill: boolean
  /** Of its weights: those there is a choice of, its own alone, or none where it has no weights. */
  readonly formats: readonly Format[]
  /** What of the variants it depends on; a decision that bears a format's name counts in that format alone. */
  readonly decisions: readonly Decision[]
}

/** The device, and what it can be asked. */
export interface LabInfo {
  readonly adapter: string
  readonly capabilities: Capabilities
  readonly possible: VariantLists
  /** What the engine chooses on this device, and why. */
  readonly chosen: { readonly [D in Decision]: Reasoned<Variants[D]> }
  readonly formats: readonly Format[]
  readonly cases: readonly LabCase[]
  /** Matrices have a multiple of so many columns. */
  readonly columns: number
}

/** A kernel as it would run: its contract with the numbers filled in, and its linked text. */
export interface View {
  readonly kernel: string
  readonly path: string // under shaders/, without extension
  /** Of the whole case, in words: `1 × 2048 → 2048`. */
  readonly shape: string
  /** The comment at the head of its file. */
  readonly head: string
  readonly bindings: readonly {
    readonly name: string
    readonly type: string
    readonly shape: string
    readonly access: string
  }[]
  /** Overrides: `default` when the engine sets none. */
  readonly constants: readonly {
    readonly name: string
    readonly type: string
    readonly value: string
    readonly byDefault: boolean
  }[]
  readonly modules: readonly { readonly slot: string; readonly module: string }[]
  /** Workgroups of each of its dispatches in one run. */
  readonly grids: readonly string[]
  readonly source: string
}

export interface RunRequest {
  readonly experiment: Experiment
  readonly effort: Effort
  /** Runs this text in place of the kernel's own. */
  readonly text?: string
  /** A text that computes wrongly is timed nevertheless. */
  readonly evenIfWrong?: boolean
}

/** What the compiler says of a text; lines and columns count from 1, 0 where it names no place. */
export interface CompileMessage {
  readonly type: 'error' | 'warning' | 'info'
  readonly line: number
  readonly column: number
  readonly text: string
}

/** One number of the result. Its error is the distance from f64, in root mean squares of all wanted numbers. */
export interface Spot {
  readonly row: number
  readonly col: number
  readonly actual: number
  readonly wanted: number
  readonly error: number
}

/** The result, laid out as cells: each row takes `lines` lines of cells, `cols` columns of each line. */
export interface HeatMap {
  readonly width: number // cells of a line
  readonly height: number
  readonly lines: number // that a row takes
  readonly lineCols: number // columns of a line
  readonly cellCols: number // columns of a cell
  readonly cellRows: number // rows of a cell
  /** The largest error in each cell, line by line; Infinity for what is no number, -1 where nothing lies. */
  readonly cells: Float32Array
}

/** How far a result is from f64. */
export interface Proof {
  readonly error: number // ‖actual − wanted‖ / ‖wanted‖; NaN when some number is none
  readonly tolerance: number
  readonly right: boolean
  readonly rows: number
  readonly cols: number
  readonly notFinite: number // numbers that are none
  readonly numbers: readonly number[] // of the rows in the kernel's result, of which not all may be proven
  readonly worst: readonly Spot[] // the largest error first
  readonly map: HeatMap
}

/** In the order in which an experiment goes through them. */
export const PHASES = ['draw', 'compile', 'prove', 'ceiling', 'time'] as const
export type Phase = (typeof PHASES)[number]

export type LabEvent =
  | { readonly type: 'phase'; readonly phase: Phase }
  /** What the compiler said of a text; nothing follows when there is an error among it. */
  | { readonly type: 'compiled'; readonly messages: readonly CompileMessage[] }
  | { readonly type: 'proved'; readonly proof: Proof }
  /** `engine`: what the engine would have run, timed in turn; undefined when that is what was run. */
  | { readonly type: 'timed'; readonly row: KernelRow; readonly engine: KernelRow | undefined }

/** How the adapter is tuned. */
export interface TuneRequest {
  /** The absolute address of a model's folder, whose sizes and formats are taken; missing = V2-Lite's sizes, in every format with variants. */
  readonly place?: string
  readonly repetitions: number
}

/** What is kept for an adapter: variants by decision, none where the defaults were the quickest. */
export type StoredTuning = Readonly<Record<string, string | number>>

export type TuneEvent =
  | { readonly type: 'decision'; readonly row: TunedDecision }
  /** The last event. `refused`: why this browser keeps nothing of it. */
  | { readonly type: 'found'; readonly winners: StoredTuning; readonly refused: PlainError | undefined }

/** What the worker offers. */
export interface RemoteLab {
  /** Opens the device. */
  open(): Promise<Outcome<LabInfo>>
  /** Answers with one `View` on the port. */
  look(experiment: Experiment, port: MessagePort): void
  /** Answers with `LabEvent`s on the port. */
  run(request: RunRequest, port: MessagePort): void
  /** Answers with `TuneEvent`s on the port. */
  tune(request: TuneRequest, port: MessagePort): void
  /** What is kept for the adapter; undefined where nothing is. */
  tuned(): Promise<Outcome<StoredTuning | undefined>>
  forgetTuned(): Promise<Outcome<void>>
  /** Settles when the device is gone for good. */
  lost(): Promise<PlainError>
}
