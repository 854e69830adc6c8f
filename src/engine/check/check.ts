// Runs dispatches once and compares their outputs with f64: for loading, tuning, benchmarks and the lab.
import type { Step } from '../../kernels/step.ts'
import { relativeError } from '../../lib/relative-error.ts'
import { DispatchRunner, type RunContext } from '../../program/dispatch-runner.ts'
import type { Dispatch } from '../../program/graph.ts'

/** An output of a kernel with its f64 reference and the allowed error. */
export interface CheckedOutput {
  readonly actual: ArrayLike<number>
  readonly expected: ArrayLike<number>
  readonly tolerance: number
  /** What each element's error is divided by. Without it, the error is the relative error of the whole. */
  readonly magnitude?: ArrayLike<number>
  /** Row numbers in the kernel's output, where only some rows are checked. */
  readonly rows?: readonly number[]
}

/** The result of a check, decided by the output nearest to its tolerance. */
export interface Verdict {
  readonly passed: boolean
  readonly error: number // NaN if any value is NaN
  readonly tolerance: number // for the error
  readonly output: CheckedOutput
}

/** Dispatches to run once, and what they must compute. */
export interface DispatchCheck {
  readonly dispatches: readonly Dispatch[]
  readonly step: Partial<Step>
  /** Reads the outputs after the dispatches have run. */
  outputs(): Promise<readonly CheckedOutput[]>
}

/** Runs the dispatches and judges their outputs. Throws `internal` if one does not compile. */
export async function checkDispatches(
  context: RunContext,
  { dispatches, step, outputs }: DispatchCheck,
): Promise<Verdict> {
  const runner = await DispatchRunner.prepare(context, dispatches, step)
  try {
    runner.submit()
    return judge(await outputs())
  } finally {
    runner.free()
  }
}

/** The verdict on the output nearest to its tolerance, or farthest beyond it; NaN counts most. */
export function judge(outputs: readonly CheckedOutput[]): Verdict {
  const verdicts = outputs.map((output): Verdict => {
    const { tolerance } = output
    const error = errorOf(output)
    return { passed: error <= tolerance, error, tolerance, output }
  })
  return verdicts.reduce((worst, next) => (partOfTolerance(next) > partOfTolerance(worst) ? next : worst))
}

/** The error as a multiple of its tolerance: at most 1 if the check passed. */
function partOfTolerance({ error, tolerance }: Verdict): number {
  if (error === 0) return 0
  return Number.isNaN(error) ? Number.POSITIVE_INFINITY : error / tolerance
}

function errorOf({ actual, expected, magnitude }: CheckedOutput): number {
  if (!magnitude) return relativeError(actual, expected)
  let largest = 0
  for (let i = 0; i < expected.length; i++) {
    const distance = Math.abs((actual[i] ?? Number.NaN) - (expected[i] ?? 0))
    if (distance !== 0) largest = Math.max(largest, distance / (magnitude[i] ?? 0))
  }
  return largest
}
