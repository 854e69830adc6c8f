// Types and helpers of a kernel benchmark case: dispatches, expected output, and cost.
import type { CheckedOutput, Verdict } from '../../engine/check/check.ts'
import type { StorageFormat } from '../../gpu/formats.ts'
import { type GpuMatrix, layoutMatrix, layoutPart } from '../../gpu/matrix.ts'
import type { MatmulPrecision } from '../../kernels/linear.ts'
import type { Step } from '../../kernels/step.ts'
import { HadalError } from '../../lib/error.ts'
import type { OpContext, StepMode } from '../../models/ops.ts'
import { type Dispatch, Graph, type KernelOperand, type Resource } from '../../program/graph.ts'
import type { BenchBuffers } from './buffers.ts'
import type { ModelWidths } from './model-widths.ts'

export const REPORT_HINT = 'Please report this with the name of the adapter and its driver.'

/** Throws `internal` if the check of `what` failed. */
export function requirePassed(what: string, verdict: Omit<Verdict, 'output'>): void {
  const { passed, error, tolerance } = verdict
  if (passed) return
  throw new HadalError(
    'internal',
    `${what} miscalculates on this adapter: relative error ${error}, allowed ${tolerance}.`,
    { hint: REPORT_HINT },
  )
}

/** Settings to build a case with. */
export interface CaseSettings {
  readonly buffers: BenchBuffers
  readonly widths: ModelWidths
  /** Weight format; ignored by kernels without weights. */
  readonly format: StorageFormat
  readonly tokens: number
  readonly matmulPrecision: MatmulPrecision
  /** Tokens in the KV cache, including those of the step. */
  readonly context: number
  /** Minimum bytes that a round of a `bytes` case reads, each once: more than hardware caches hold. */
  readonly roundBytes: number
}

/**
 * Allowed relative errors against f64. `f32`: f32 sums over exact inputs. `f16`: results that the kernel
 * rounds to f16, such as KV entries; reading entries is exact, so readers use `f32`. `exact`: ids.
 */
export const TOLERANCE = { f32: 1e-5, f16: 1e-3, exact: 0 } as const

/**
 * Allowed relative errors of prefill matmuls, with some margin: inputs may be rounded to f16, or to 8 bits
 * with one scale per 32.
 */
export const PREFILL_TOLERANCE: Readonly<Record<MatmulPrecision, number>> = {
  f32: TOLERANCE.f32,
  f16: 3e-3,
  i8: 2e-2,
}

/** Minimum bytes that one run reads, and its FLOPs. Writes and comparatively small inputs are not counted. */
export interface KernelCost {
  readonly weightBytes: number // in the case's format
  readonly plainBytes: number // all other reads: cache, activations
  readonly flops: number
}

export interface KernelCase {
  readonly shape: string
  /** One round: the same kernel over several copies of its inputs. */
  readonly dispatches: readonly Dispatch[]
  /** Runs of the kernel per round. */
  readonly runs: number
  /** The dispatches to check: those of the first run, preceded by any that they depend on. */
  readonly firstRun: readonly Dispatch[]
  readonly cost: KernelCost
  readonly step: Partial<Step>
  /** Reads the outputs after `firstRun` has run, and computes their f64 reference. */
  outputs(): Promise<readonly CheckedOutput[]>
}

export interface CaseMaker {
  readonly kernel: string
  readonly role: string
  /** Whether it takes the rows of a decode step or of a prefill chunk. */
  readonly mode: StepMode['phase']
  /** Weight formats to measure: every requested one, none, or only this one. */
  readonly weightFormat: 'any' | 'none' | StorageFormat
  /**
   * Roofline ceiling. `bytes`: weights read by the fastest minimal loop, the rest by the fastest streaming
   * read. `product`: FLOPs at the speed of the fastest tiled matmul.
   */
  readonly ceiling: 'bytes' | 'product'
  build(settings: CaseSettings): Promise<KernelCase>
}

/**
 * Records dispatches with the engine's own functions, so that variants and constants are those of a model.
 */
export function recordDispatches(
  { buffers, tokens, matmulPrecision }: Pick<CaseSettings, 'buffers' | 'tokens' | 'matmulPrecision'>,
  mode: StepMode['phase'],
  body: (context: OpContext) => void,
): Dispatch[] {
  const graph = new Graph()
  const { capabilities } = buffers.device
  body({
    graph,
    mode: {
      phase: mode,
      rows: kernelRows(mode, tokens),
      cache: { kind: 'latent', kvDtype: 'f16' },
      matmulPrecision,
    },
    capabilities,
  })
  return graph.dispatches
}

/** Decode kernels exist for 1, 2, 4 and 8 rows. */
const kernelRows = (mode: StepMode['phase'], tokens: number): number =>
  mode === 'decode' ? 2 ** Math.ceil(Math.log2(tokens)) : tokens

/** The dispatches of one kernel, with these operands replaced. */
export const withOperands = (
  dispatches: readonly Dispatch[],
  kernel: string,
  operands: Readonly<Record<string, KernelOperand>>,
): Dispatch[] =>
  dispatches
    .filter((dispatch) => dispatch.kernel.name === kernel)
    .map((dispatch) => ({ ...dispatch, operands: { ...dispatch.operands, ...operands } }))

/** A round with one run for each copy. */
export function roundOver<T>(
  copies: readonly T[],
  run: (copy: T) => readonly Dispatch[],
): Pick<KernelCase, 'dispatches' | 'firstRun' | 'runs'> {
  const runs = copies.map(run)
  return { dispatches: runs.flat(), firstRun: runs[0] ?? [], runs: runs.length }
}

/** The copies of `bytes` bytes each that a round needs, at least two. */
export const copiesForRound = <T>({ roundBytes }: CaseSettings, bytes: number, make: () => T): T[] =>
  Array.from({ length: Math.max(2, Math.ceil(roundBytes / bytes)) }, make)

/** A matrix with a layout but without its own buffer, for recorded dispatches that are not measured. */
export function layoutOnly(
  format: StorageFormat,
  heights: readonly number[],
  cols: number,
  unused: Resource,
): GpuMatrix {
  const layout = layoutMatrix(format, heights, cols)
  return { ...layout, parts: [{ ...layoutPart(layout, 0, layout.rows), buffer: unused.buffer }] }
}

/**
 * At most `max` of `count` row numbers, evenly spread, including the first and the last. The f64 reference of
 * all rows of a chunk would take minutes on the CPU.
 */
export function sampleRows(count: number, max: number): number[] {
  if (count <= max) return Array.from({ length: count }, (_, row) => row)
  return Array.from({ length: max }, (_, i) => Math.round((i * (count - 1)) / (max - 1)))
}

/** Copies the first `cols` columns of these rows of [rows, stride] into a dense array. */
export function gatherRows(
  values: ArrayLike<number>,
  rows: readonly number[],
  stride: number,
  cols = stride,
): Float64Array {
  const dense = new Float64Array(rows.length * cols)
  rows.forEach((row, i) => {
    for (let col = 0; col < cols; col++) dense[i * cols + col] = values[row * stride + col] ?? Number.NaN
  })
  return dense
}
