// Checks every kernel of a model while it loads, and replaces variants that the device miscalculates.
//
// It runs the model's own dispatches, in the model's sizes, on random inputs and compares them with f64.
// Nothing extra is compiled, and what is checked is what will run. The f64 loops are those of this folder and
// not those of `reference`: every visitor downloads them, so a few general loops serve all kernels.
import type { Device } from '../../gpu/device.ts'
import type { PipelineCache } from '../../gpu/kernel.ts'
import { type Decision, PLAIN_VARIANTS, type Variants } from '../../gpu/variants.ts'
import { expectDefined, HadalError } from '../../lib/error.ts'
import type { Dispatch } from '../../program/graph.ts'
import { codeOf, fallbacksOf, roleOf, smallestOf } from './checked-kernels.ts'
import { type CheckResult, passed, runChecks } from './run-checks.ts'

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

/** Lists all dispatches of a model for given variants. */
export type DispatchRecorder = (variants: Variants) => readonly Dispatch[]

/**
 * Checks each distinct kernel of `record` with the device's variants. A variant that miscalculates or does
 * not compile is replaced by the plain variant of its decision. Throws `internal` if the plain variants fail
 * too, or if a kernel without variants fails, and `out_of_memory`.
 * @param onProgress called with the kernels checked so far; `total` grows if one fails
 */
export async function selfTest(
  device: Device,
  pipelines: PipelineCache,
  record: DispatchRecorder,
  onProgress: (checked: number, total: number) => void = () => {},
): Promise<SelfTestResult> {
  let { variants } = device.capabilities
  let [halves, total] = [0, 0]
  const failed: FailedVariant[] = []
  const results = new Map<string, CheckResult>()
  /** The first dispatch that fails, of those that satisfy `filter`. */
  const firstWrong = async (chosen: Variants, filter: (dispatch: Dispatch) => boolean) => {
    const dispatches = [...smallestOf(record(chosen), codeOf).values()].filter(filter)
    const unknown = dispatches.filter((dispatch) => !results.has(codeOf(dispatch)))
    total += unknown.length
    const found = await device.arena.guard('the checks of kernels', () =>
      runChecks({ device, pipelines }, unknown, () => onProgress(Math.floor(++halves / 2), total)),
    )
    for (const [dispatch, result] of found) results.set(codeOf(dispatch), result)
    return dispatches.find((dispatch) => !passed(expectDefined(results.get(codeOf(dispatch)), 'a result')))
  }
  for (;;) {
    const wrong = await firstWrong(variants, () => true)
    if (!wrong) return { variants, failed }
    const role = roleOf(wrong)
    const fallbacks = await fewestFallbacks(
      fallbacksOf(wrong, variants),
      async (plain) =>
        !(await firstWrong(withPlain(variants, plain), (dispatch) => roleOf(dispatch) === role)),
    )
    if (!fallbacks) throw plainFailure(device, wrong)
    const kernel = wrong.kernel.name
    failed.push(...fallbacks.map((decision) => ({ decision, variant: variants[decision], kernel })))
    variants = withPlain(variants, fallbacks)
  }
}

const plainFailure = ({ adapter }: Device, { kernel }: Dispatch): HadalError =>
  new HadalError('internal', `${adapter} miscalculates ${kernel.name}, even with the plain variants.`, {
    hint:
      'The graphics driver or Hadal has a bug. Update the driver, or report this with the name of the ' +
      'adapter.',
  })

/** The fewest of the decisions that must fall back to plain; undefined if all-plain is wrong too. */
async function fewestFallbacks(
  decisions: readonly Decision[],
  passes: (plain: readonly Decision[]) => Promise<boolean>,
): Promise<readonly Decision[] | undefined> {
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
