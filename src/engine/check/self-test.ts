// Checks kernel variants while a model loads, and replaces those that the device miscalculates.
//
// It runs the model's own dispatches, in the model's sizes, on random inputs and compares them with f64.
// Nothing extra is compiled, and what is checked is what will run. The f64 loops are those of this folder and
// not those of `reference`: every visitor downloads them, so a few general loops serve all kernels.
import type { Device } from '../../gpu/device.ts'
import { hasDecoders } from '../../gpu/formats.ts'
import type { PipelineCache } from '../../gpu/kernel.ts'
import { type Decision, PLAIN_VARIANTS, type Variants } from '../../gpu/variants.ts'
import { MATMUL_TILES, SUBGROUP_MATRIX_TILES } from '../../kernels/linear.ts'
import { expectDefined, HadalError } from '../../lib/error.ts'
import type { RunContext } from '../../program/dispatch-runner.ts'
import type { Dispatch } from '../../program/graph.ts'
import { TempBuffers } from '../../program/temp-buffers.ts'
import { checkDispatches } from './check.ts'
import { cachedAttentionCheck, mlaPrefillCheck } from './check-attention.ts'
import { expertCheck, linearCheck, rmsNormCheck, weightFormatOf } from './check-matmul.ts'
import { type CheckBuilder, SMALL_CHECK } from './kernel-check.ts'

/** A variant that failed its check on this device. */
export interface FailedVariant {
  readonly decision: Decision
  readonly variant: Variants[Decision]
  readonly kernel: string // the kernel whose check failed
}

/** The variants that passed, and the failed ones that plain variants replace. */
export interface SelfTestResult {
  readonly variants: Variants
  readonly failed: readonly FailedVariant[]
}

/** Lists the prefill and decode dispatches of a model for given variants. */
export type DispatchRecorder = (variants: Variants) => readonly Dispatch[]

/** A kernel that can be checked, and the decisions about variants that affect it. */
interface CheckedKernel {
  readonly decisions: readonly Decision[]
  readonly check: CheckBuilder
}

const CHECKED_KERNELS: ReadonlyMap<string, CheckedKernel> = new Map([
  ['rms_norm', { decisions: ['reduce'], check: rmsNormCheck }],
  ['linear_decode', { decisions: ['matvec'], check: linearCheck }],
  ['expert_up_decode', { decisions: ['matvec', 'banks'], check: expertCheck }],
  ['expert_down_decode', { decisions: ['matvec', 'banks'], check: expertCheck }],
  ['linear_prefill', { decisions: ['matmul'], check: linearCheck }],
  ['mla_decode', { decisions: ['attention'], check: cachedAttentionCheck }],
  ['mla_prefill', { decisions: ['attention'], check: mlaPrefillCheck }],
  ['gqa_decode', { decisions: ['attention'], check: cachedAttentionCheck }],
  ['gqa_prefill', { decisions: ['attention'], check: cachedAttentionCheck }],
])

/**
 * Relative to the sum of absolute terms. Correct f32 sums, fast decoders included, are off by less than a
 * tenth of this; a wrong lane or code is off by more than ten times as much.
 */
const TOLERANCE = 1e-4

/**
 * Checks the dispatches of `record` with the device's variants. A variant that miscalculates or does not
 * compile is replaced by the plain variant of its decision. Throws `internal` if the plain variants fail too.
 */
export async function selfTest(
  device: Device,
  pipelines: PipelineCache,
  record: DispatchRecorder,
): Promise<SelfTestResult> {
  let { variants } = device.capabilities
  const failed: FailedVariant[] = []
  let dispatches = dispatchesToCheck(record(variants))
  for (const dispatch of dispatches.values()) {
    // Compile all in parallel. A failure shows again when the dispatch is checked.
    if (decisionsOf(dispatch, variants).length > 0) pipelines.prepare(dispatch).catch(() => {})
  }
  for (const key of [...dispatches.keys()]) {
    const current = dispatches.get(key)
    if (!current) continue
    const fallbacks = await fewestFallbacks(decisionsOf(current, variants), async (plain) => {
      const fallback =
        plain.length > 0 ? dispatchesToCheck(record(withPlain(variants, plain))).get(key) : current
      return passesCheck({ device, pipelines }, fallback ?? current)
    })
    if (!fallbacks) {
      const { name } = current.kernel
      throw new HadalError(
        'internal',
        `${device.adapter} miscalculates ${name}, even with the plain variants.`,
        {
          hint: HINT,
        },
      )
    }
    if (fallbacks.length === 0) continue
    const kernel = current.kernel.name
    failed.push(...fallbacks.map((decision) => ({ decision, variant: variants[decision], kernel })))
    variants = withPlain(variants, fallbacks)
    dispatches = dispatchesToCheck(record(variants))
  }
  return { variants, failed }
}

const HINT =
  'The graphics driver or Hadal has a bug. Update the driver, or report this with the name of the adapter.'

/**
 * The fewest decisions that must fall back to plain; undefined if all-plain is wrong too. Without decisions
 * to test, `passes` is not called.
 */
async function fewestFallbacks(
  decisions: readonly Decision[],
  passes: (plain: readonly Decision[]) => Promise<boolean>,
): Promise<readonly Decision[] | undefined> {
  if (decisions.length === 0) return []
  const sets: Decision[][] = [[]]
  for (const decision of decisions) sets.push(...sets.map((set) => [...set, decision]))
  sets.sort((a, b) => a.length - b.length)
  for (const set of sets) if (await passes(set)) return set
  return undefined
}

const withPlain = (variants: Variants, plain: readonly Decision[]): Variants => ({
  ...variants,
  ...Object.fromEntries(plain.map((decision) => [decision, PLAIN_VARIANTS[decision]])),
})

/** The function that builds the check of a dispatch. Throws for kernels that have none. */
export const checkBuilderOf = ({ kernel }: Dispatch): CheckBuilder =>
  expectDefined(CHECKED_KERNELS.get(kernel.name), `a check of ${kernel.name}`).check

/** Tiles that the user requested by `matmulPrecision`, and the decisions that choose among those. */
const REQUESTED_TILES: ReadonlyMap<string, readonly Decision[]> = new Map([
  [MATMUL_TILES.f16.module, []],
  [MATMUL_TILES.i8.module, []],
  [SUBGROUP_MATRIX_TILES.f16.module, ['f16Tiles']],
  [SUBGROUP_MATRIX_TILES.f32.module, ['matmul', 'f16Tiles']], // serves both precisions
])

/** The decisions that affect this dispatch. */
export function decisionsAffecting(dispatch: Dispatch): readonly Decision[] {
  const { kernel, imports } = dispatch
  const decisions = CHECKED_KERNELS.get(kernel.name)?.decisions ?? []
  if (decisions.includes('matmul')) return REQUESTED_TILES.get(imports.tile ?? '') ?? decisions
  const format = weightFormatOf(dispatch)
  return format && hasDecoders(format) ? [...decisions, format] : decisions
}

/** Those decisions whose variant is not the plain one. */
const decisionsOf = (dispatch: Dispatch, variants: Variants): readonly Decision[] =>
  decisionsAffecting(dispatch).filter((decision) => variants[decision] !== PLAIN_VARIANTS[decision])

/** The dispatches to check: for each kernel, format and prologue the one with the smallest matrix. */
export function dispatchesToCheck(dispatches: readonly Dispatch[]): ReadonlyMap<string, Dispatch> {
  const found = new Map<string, Dispatch>()
  const size = ({ constants: { OUT = 0, STRIDE = 0 } }: Dispatch) => OUT * STRIDE
  for (const dispatch of dispatches) {
    const { kernel, imports } = dispatch
    if (!CHECKED_KERNELS.has(kernel.name)) continue
    const key = [kernel.name, weightFormatOf(dispatch), imports.prologue].join()
    const known = found.get(key)
    if (!known || size(dispatch) < size(known)) found.set(key, dispatch)
  }
  return found
}

/**
 * Runs a dispatch on random inputs and compares the result with f64. False if it is wrong or does not
 * compile; throws all other errors, such as `device_lost`.
 */
export async function passesCheck(context: RunContext, dispatch: Dispatch): Promise<boolean> {
  const buffers = new TempBuffers(context.device)
  try {
    const check = checkBuilderOf(dispatch)(buffers, dispatch, SMALL_CHECK)
    const sums = check.expected()
    const { passed } = await checkDispatches(context, {
      dispatches: [{ ...dispatch, operands: check.operands }],
      step: check.step,
      async outputs() {
        const words = await buffers.read(check.output, check.outputWords)
        return [
          {
            actual: sums.map(({ at }) => words[at] ?? Number.NaN),
            expected: sums.map(({ value }) => value),
            magnitude: sums.map(({ magnitude }) => magnitude),
            tolerance: TOLERANCE,
          },
        ]
      },
    })
    return passed
  } catch (error) {
    if (error instanceof HadalError && error.code === 'internal') return false
    throw error
  } finally {
    buffers.free()
  }
}
