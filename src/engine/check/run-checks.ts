// Runs the checks of many dispatches on random inputs: few submissions, each read back at once.
import { readBuffers } from '../../gpu/readback.ts'
import { HadalError } from '../../lib/error.ts'
import { DispatchRunner, type RunContext } from '../../program/dispatch-runner.ts'
import type { Dispatch } from '../../program/graph.ts'
import { TempBuffers } from '../../program/temp-buffers.ts'
import { judge, type Verdict } from './check.ts'
import { checkBuildersOf } from './checked-kernels.ts'
import {
  type CheckBuilder,
  type ExpectedNumber,
  type OutputCheck,
  SMALL_CHECK,
  TOLERANCE,
} from './kernel-check.ts'

/** What the checks of a dispatch found: the worst verdict, or why it does not compile. */
export type CheckResult = Verdict | HadalError

export const passed = (result: CheckResult): boolean => !(result instanceof HadalError) && result.passed

/** Bytes of buffers up to which checks share a submission. */
const MAX_BATCH_BYTES = 64 * 1024 * 1024

interface CheckedOutputs {
  readonly tolerance: number
  readonly outputs: readonly (OutputCheck & { readonly numbers: readonly ExpectedNumber[] })[]
}

/** A check that is ready to run. */
interface PreparedCheck extends CheckedOutputs {
  readonly dispatch: Dispatch
  readonly runner: DispatchRunner
}

/**
 * Checks each dispatch. A kernel that does not compile is a result, too; all other errors, such as
 * `device_lost`, are thrown.
 * @param onHalfDone called twice for each dispatch: when it is compiled, and when its check is prepared
 */
export async function runChecks(
  context: RunContext,
  dispatches: readonly Dispatch[],
  onHalfDone = () => {},
): Promise<ReadonlyMap<Dispatch, CheckResult>> {
  const results = new Map<Dispatch, CheckResult>()
  const compiled = await compileAll(context, dispatches, { results, onHalfDone })
  const batch = new CheckBatch(context, results)
  try {
    for (const dispatch of compiled) {
      for (const build of await checkBuildersOf(dispatch)) {
        await batch.add(dispatch, build)
        if (batch.bytes > MAX_BATCH_BYTES) await batch.run()
      }
      onHalfDone()
    }
    await batch.run()
  } finally {
    batch.free()
  }
  return results
}

/** Compiles all in parallel and returns those that compile. */
async function compileAll(
  { pipelines }: RunContext,
  dispatches: readonly Dispatch[],
  { results, onHalfDone }: { results: Map<Dispatch, CheckResult>; onHalfDone: () => void },
): Promise<readonly Dispatch[]> {
  await Promise.all(
    dispatches.map(async (dispatch) => {
      try {
        await pipelines.prepare(dispatch)
        onHalfDone()
      } catch (error) {
        if (!(error instanceof HadalError) || error.code !== 'internal') throw error
        results.set(dispatch, error)
      }
    }),
  )
  return dispatches.filter((dispatch) => !results.has(dispatch))
}

/** Checks that run in one submission. */
class CheckBatch {
  readonly #context: RunContext
  readonly #results: Map<Dispatch, CheckResult>
  readonly #buffers: TempBuffers
  #checks: PreparedCheck[] = []

  constructor(context: RunContext, results: Map<Dispatch, CheckResult>) {
    this.#context = context
    this.#results = results
    this.#buffers = new TempBuffers(context.device)
  }

  get bytes(): number {
    return this.#buffers.bytes
  }

  async add(dispatch: Dispatch, build: CheckBuilder): Promise<void> {
    const check = build(this.#buffers, dispatch, SMALL_CHECK)
    const { operands, step, tolerance = TOLERANCE, grid = dispatch.grid } = check
    const outputs = check.outputs.map((output) => ({ ...output, numbers: output.expected() }))
    const runner = await DispatchRunner.prepare(this.#context, [{ ...dispatch, operands, grid }], step)
    this.#checks.push({ dispatch, tolerance, outputs, runner })
  }

  /** Runs the added checks and keeps the worst verdict of each dispatch. */
  async run(): Promise<void> {
    const { device } = this.#context
    const encoder = device.gpu.createCommandEncoder()
    for (const { runner } of this.#checks) runner.encode(encoder)
    device.gpu.queue.submit([encoder.finish()])
    const outputs = this.#checks.flatMap((check) => check.outputs)
    const read = await readBuffers(
      device,
      outputs.map(({ buffer, words }) => ({ source: buffer.buffer(), bytes: words * 4 })),
    )
    let first = 0
    for (const { dispatch, ...check } of this.#checks) {
      const end = first + check.outputs.length
      const verdict = verdictOf(check, read.slice(first, end))
      first = end
      const known = this.#results.get(dispatch)
      if (!known || (passed(known) && !verdict.passed)) this.#results.set(dispatch, verdict)
    }
    this.free()
  }

  free(): void {
    for (const { runner } of this.#checks) runner.free()
    this.#checks = []
    this.#buffers.free()
  }
}

const verdictOf = ({ outputs, tolerance }: CheckedOutputs, read: readonly ArrayBuffer[]): Verdict =>
  judge(
    outputs.map(({ numbers, decode }, i) => {
      const bytes = read[i] ?? new ArrayBuffer(0)
      const actual = decode ? decode(new Uint32Array(bytes)) : new Float32Array(bytes)
      return {
        actual: numbers.map(({ at }) => actual[at] ?? Number.NaN),
        expected: numbers.map(({ value }) => value),
        magnitude: numbers.map(({ magnitude }) => magnitude),
        tolerance,
      }
    }),
  )
