// Messages between the kernel lab's page and its worker: plain data. Answers that take time arrive on a
// MessagePort, as in worker/protocol.ts.

import type { StorageFormat } from '../../gpu/formats.ts'
import type { Capabilities } from '../../gpu/limits.ts'
import type { Decision, VariantChoice, VariantLists, Variants } from '../../gpu/variants.ts'
import type { Outcome, SerializedError } from '../../worker/protocol.ts'
import type { KernelRow } from '../kernels/bench.ts'
import type { TunedDecision } from '../tune.ts'
import type { ContractHead } from './contract-head.ts'

export { DECODED_FORMATS, type DecodedFormat, FORMATS, type StorageFormat } from '../../gpu/formats.ts'
export { matricesText } from '../../gpu/subgroup-matrices.ts'
export type { Decision, Variants } from '../../gpu/variants.ts'
export type { TimingSummary } from '../../lib/timing-summary.ts'
export { deserializeError } from '../../worker/protocol.ts'
export type { KernelRow } from '../kernels/bench.ts'
export type { TunedDecision, TunedVariant } from '../tune.ts'

/** The role of a matrix whose shape the user gives. */
export const GIVEN_ROLE = 'given'

/** A kernel in a role, with the variants and sizes to run it with. */
export interface Experiment {
  readonly kernel: string
  readonly role: string
  /** Shape of the matrix for the role `given`; ignored for other roles. */
  readonly shape: { readonly rows: number; readonly cols: number }
  readonly format: StorageFormat
  /** Input rows per step. */
  readonly tokens: number
  /** Variants that replace the engine's choices. */
  readonly variants: Partial<Variants>
}

/** How long to measure for a figure. */
export interface TimingSettings {
  /** Bytes of weights that a round reads, each once. */
  readonly roundBytes: number
  readonly repetitions: number
}

/** A kernel in a role. */
export interface LabCase {
  readonly kernel: string
  readonly role: string
  readonly prefill: boolean
  /** Weight formats to choose from; a single one if the case has its own, none if it has no weights. */
  readonly formats: readonly StorageFormat[]
  /** Variant decisions it depends on; a decision named after a format applies in that format only. */
  readonly decisions: readonly Decision[]
}

/** The device, with its cases and variants. */
export interface LabInfo {
  readonly adapter: string
  readonly capabilities: Capabilities
  readonly possible: VariantLists
  /** The engine's choices on this device, with reasons. */
  readonly chosen: { readonly [D in Decision]: VariantChoice<Variants[D]> }
  readonly formats: readonly StorageFormat[]
  readonly cases: readonly LabCase[]
  /** Columns of a matrix must be a multiple of this. */
  readonly columns: number
}

/** A kernel as it would run: its contract with constants filled in, and its linked source. */
export interface KernelView extends ContractHead {
  readonly kernel: string
  readonly path: string // under shaders/, without extension
  /** Shape of the whole case, such as `1 × 2048 → 2048`. */
  readonly shape: string
  /** Override constants; `byDefault` if the engine does not set them. */
  readonly constants: readonly {
    readonly name: string
    readonly type: string
    readonly value: string
    readonly byDefault: boolean
  }[]
  readonly modules: readonly { readonly slot: string; readonly module: string }[]
  /** Workgroups of each dispatch in one run. */
  readonly grids: readonly string[]
  readonly source: string
}

export interface RunRequest {
  readonly experiment: Experiment
  readonly effort: TimingSettings
  /** WGSL to run in place of the kernel's own file. */
  readonly text?: string
  /** Times the kernel even if its check fails. */
  readonly timeIfFailed?: boolean
}

/** A compiler message; line and column count from 1, and are 0 without a position. */
export interface CompileMessage {
  readonly type: 'error' | 'warning' | 'info'
  readonly line: number
  readonly column: number
  readonly text: string
}

/**
 * One element of the result. `error`: distance from f64 divided by the root mean square of all expected
 * values.
 */
export interface ElementError {
  readonly row: number
  readonly col: number
  readonly actual: number
  readonly expected: number
  readonly error: number
}

/** The errors of a result, binned into cells. A row of the result is wrapped into `lines` lines of cells. */
export interface HeatMap {
  readonly width: number // cells per line
  readonly height: number
  readonly lines: number // per row of the result
  readonly lineCols: number // columns of the result per line
  readonly cellCols: number // columns of the result per cell
  readonly cellRows: number // rows of the result per cell
  /** The largest error in each cell, line by line; Infinity for non-finite values, -1 for empty cells. */
  readonly cells: Float32Array
}

/** Comparison of a result with its f64 reference. */
export interface AccuracyReport {
  readonly error: number // ‖actual − expected‖ / ‖expected‖; NaN if any value is NaN
  readonly tolerance: number
  readonly passed: boolean
  readonly rows: number
  readonly cols: number
  readonly notFinite: number // count of non-finite values
  readonly rowNumbers: readonly number[] // row numbers in the kernel's result, where not all rows are checked
  readonly worst: readonly ElementError[] // in descending order of error
  readonly map: HeatMap
}

/** Phases of an experiment, in order. */
export const PHASES = ['inputs', 'compile', 'check', 'ceiling', 'time'] as const
export type Phase = (typeof PHASES)[number]

export type LabEvent =
  | { readonly type: 'phase'; readonly phase: Phase }
  /** The compiler's messages; nothing follows if there is an error. */
  | { readonly type: 'compiled'; readonly messages: readonly CompileMessage[] }
  | { readonly type: 'checked'; readonly accuracy: AccuracyReport }
  /** `engine`: the engine's own variant, timed interleaved; undefined if `row` is that variant. */
  | { readonly type: 'timed'; readonly row: KernelRow; readonly engine: KernelRow | undefined }

/** A request to tune the adapter. */
export interface TuneRequest {
  /**
   * Absolute URL of a model folder that gives sizes and formats. Default: the sizes of V2-Lite in every
   * format that has variants.
   */
  readonly modelUrl?: string
  readonly repetitions: number
}

/** The stored tuning of an adapter: variants by decision; empty where the defaults were fastest. */
export type StoredTuning = Readonly<Record<string, string | number>>

export type TuneEvent =
  | { readonly type: 'decision'; readonly row: TunedDecision }
  /** The last event. `refused`: why this browser did not store the result. */
  | { readonly type: 'found'; readonly winners: StoredTuning; readonly refused: SerializedError | undefined }

/** The interface of the lab's worker. */
export interface RemoteLab {
  /** Opens the device. */
  open(): Promise<Outcome<LabInfo>>
  /** Sends one `KernelView` on the port. */
  view(experiment: Experiment, port: MessagePort): void
  /** Sends `LabEvent`s on the port. */
  run(request: RunRequest, port: MessagePort): void
  /** Sends `TuneEvent`s on the port. */
  tune(request: TuneRequest, port: MessagePort): void
  /** The stored tuning of the adapter; undefined if there is none. */
  tuned(): Promise<Outcome<StoredTuning | undefined>>
  forgetTuned(): Promise<Outcome<void>>
  /** Resolves when the device is lost for good. */
  lost(): Promise<SerializedError>
}
