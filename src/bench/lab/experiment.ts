// Runs one lab experiment: compiles the shader, checks its result against f64, then times it interleaved with
// the engine's own variant, its roofline ceiling and a streaming read.
import { checkDispatches } from '../../engine/check/check.ts'
import type { Device } from '../../gpu/device.ts'
import { PipelineCache } from '../../gpu/kernel.ts'
import { link, type ShaderSources, specialize } from '../../gpu/linker.ts'
import { expectDefined, HadalError, throwIfAborted } from '../../lib/error.ts'
import { type KernelRow, rowOf } from '../kernels/bench.ts'
import { requirePassed } from '../kernels/case.ts'
import { type BenchContext, DispatchTimer, timeInterleaved } from '../kernels/dispatch-timer.ts'
import { accuracyReport, columnsPerRow } from './accuracy.ts'
import { type BuiltCase, buildCase, ownDispatches } from './cases.ts'
import type { CaseCeilings, CeilingCache } from './ceiling-cache.ts'
import { compileWgsl } from './compile.ts'
import { parseContractHead } from './contract-head.ts'
import type { GpuWatchdog } from './gpu-watchdog.ts'
import type { AccuracyReport, CompileMessage, Experiment, LabEvent, Phase, RunRequest } from './protocol.ts'

/** What experiments run on. */
export interface LabContext {
  readonly device: Device
  readonly sources: ShaderSources
  readonly pipelines: PipelineCache
  readonly ceilings: CeilingCache
  readonly watch: GpuWatchdog
}

/** A case with the accuracy of its result, and the pipelines to time it with. */
interface CheckedCase extends BuiltCase {
  readonly bench: BenchContext
  readonly accuracy: AccuracyReport
}

/**
 * Events in the order of `PHASES`. Ends after compiler errors, and after a failed check unless the request
 * says `timeIfFailed`. Throws `aborted`, `bad_request`, `out_of_memory`, `device_lost`, and `internal` if the
 * engine's variant or a ceiling loop miscalculates.
 */
export async function* runExperiment(
  lab: LabContext,
  request: RunRequest,
  signal: AbortSignal,
): AsyncGenerator<LabEvent> {
  const { experiment, effort, text, timeIfFailed = false } = request
  const begin = (phase: Phase): LabEvent => {
    throwIfAborted(signal)
    return { type: 'phase', phase }
  }
  const allBuffers: BuiltCase['buffers'][] = []
  const build = async (wanted: Experiment): Promise<BuiltCase> => {
    const built = await buildCase(lab.device, wanted, effort.roundBytes)
    allBuffers.push(built.buffers)
    return built
  }
  try {
    yield begin('inputs')
    const built = await build(experiment)
    yield begin('compile')
    let { pipelines } = lab
    if (text !== undefined) {
      const sources = { ...lab.sources, [ownDispatches(built)[0].kernel.path]: text }
      pipelines = new PipelineCache(lab.device, sources)
      const messages = await compileText(lab.device, built, sources, pipelines)
      yield { type: 'compiled', messages }
      if (messages.some(({ type }) => type === 'error')) return
    }
    yield begin('check')
    const own = await checkBuilt(lab, built, pipelines, experiment.tokens)
    yield { type: 'checked', accuracy: own.accuracy }
    if (!own.accuracy.passed && !timeIfFailed) return
    const engine = matchesEngine(lab, request) ? undefined : await checkEngine(lab, experiment, build)
    yield begin('ceiling')
    const ceilings = await lab.ceilings.forCase(built.maker, built.format, effort.roundBytes)
    yield begin('time')
    const { repetitions } = effort
    yield { type: 'timed', ...(await timeCases(lab, { own, engine, ceilings, repetitions, signal })) }
  } finally {
    for (const buffers of allBuffers) buffers.free()
  }
}

/** Whether the request is exactly what the engine would run. */
function matchesEngine({ device }: LabContext, { experiment, text }: RunRequest): boolean {
  const { variants } = device.capabilities
  const same = (Object.keys(experiment.variants) as (keyof typeof variants)[]).every(
    (decision) => experiment.variants[decision] === variants[decision],
  )
  return same && text === undefined
}

/** Compiler messages of an edited shader, and of the pipelines that the case needs. */
async function compileText(
  { gpu }: Device,
  built: BuiltCase,
  sources: ShaderSources,
  pipelines: PipelineCache,
): Promise<readonly CompileMessage[]> {
  const dispatches = ownDispatches(built)
  const [{ kernel, imports, constants }] = dispatches
  try {
    const code = specialize(link(sources, kernel.path, imports), constants)
    const messages = await compileWgsl(gpu, kernel.name, code)
    if (!messages.some(({ type }) => type === 'error'))
      await Promise.all(dispatches.map((dispatch) => pipelines.prepare(dispatch)))
    return messages
  } catch (error) {
    // Errors without a line number: an unknown import, no entry point, a workgroup that is too large.
    if (!(error instanceof HadalError)) throw error
    const text = error.cause instanceof Error ? error.cause.message : error.message
    return [{ type: 'error', line: 0, column: 0, text }]
  }
}

/** Runs a case once and checks its result against f64. */
async function checkBuilt(
  { device, sources, watch }: LabContext,
  built: BuiltCase,
  pipelines: PipelineCache,
  tokens: number,
): Promise<CheckedCase> {
  const { kernelCase } = built
  const bench = { device, pipelines, clock: undefined }
  // Compiling, running and computing the reference each have the watchdog's time.
  await watch.wait(Promise.all(kernelCase.firstRun.map((dispatch) => pipelines.prepare(dispatch))))
  const verdict = await checkDispatches(bench, {
    dispatches: kernelCase.firstRun,
    step: kernelCase.step,
    async outputs() {
      await watch.wait(device.waits.workDone())
      return watch.wait(kernelCase.outputs())
    },
  })
  const [{ kernel, constants }] = ownDispatches(built)
  const contract = parseContractHead(sources[kernel.path] ?? '')
  const cols = columnsPerRow(contract, constants, verdict.output.expected.length, tokens)
  return { ...built, bench, accuracy: accuracyReport(verdict, cols) }
}

/** Builds and checks what the engine would run. Throws `internal` if that miscalculates. */
async function checkEngine(
  lab: LabContext,
  experiment: Experiment,
  build: (experiment: Experiment) => Promise<BuiltCase>,
): Promise<CheckedCase> {
  const built = await build({ ...experiment, variants: {} })
  const engine = await checkBuilt(lab, built, lab.pipelines, experiment.tokens)
  requirePassed(`The engine's own ${engine.maker.kernel}`, engine.accuracy)
  return engine
}

interface TimingOptions {
  readonly own: CheckedCase
  readonly engine: CheckedCase | undefined
  readonly ceilings: CaseCeilings
  readonly repetitions: number
  readonly signal: AbortSignal
}

/** Times checked cases interleaved with their ceiling and a streaming read. */
async function timeCases(
  { watch }: LabContext,
  { own, engine, ceilings: { ceiling: top, read }, repetitions, signal }: TimingOptions,
): Promise<{ row: KernelRow; engine: KernelRow | undefined }> {
  const cases = engine ? [own, engine] : [own]
  const timers: DispatchTimer[] = []
  try {
    for (const { bench, kernelCase } of cases)
      timers.push(await watch.wait(DispatchTimer.prepare(bench, kernelCase.dispatches, kernelCase.step)))
    const watched = [top.timer, read.timer, ...timers].map((timer) => ({
      calibrate: () => watch.wait(timer.calibrate()),
      time: () => {
        throwIfAborted(signal)
        return watch.wait(timer.time())
      },
    }))
    const [topTime, readTime, ...times] = await timeInterleaved(watched, repetitions)
    const rows = cases.map(({ maker, kernelCase, format, accuracy: { error, tolerance } }, i) =>
      rowOf(
        maker,
        { kernelCase, format, error, tolerance, round: expectDefined(times[i], 'a time') },
        { ceiling: top, time: expectDefined(topTime, 'a time') },
        { ceiling: read, time: expectDefined(readTime, 'a time') },
      ),
    )
    return { row: expectDefined(rows[0], 'a row'), engine: rows[1] }
  } finally {
    for (const timer of timers) timer.free()
  }
}
