// Answers: how is one experiment made? The text is compiled, the result proven against f64, then timed in turn with what the engine would
// have run, with the ceiling and with a streaming read. It must not know how anything is shown.
import { type KernelRow, rowOf } from '../bench/kernels/bench.ts'
import { type Bench, Run, timeInTurn } from '../bench/kernels/run.ts'
import type { Device } from '../gpu/device.ts'
import { PipelineCache } from '../gpu/kernel.ts'
import { link, type ShaderSources } from '../gpu/linker.ts'
import { HadalError, present, throwIfAborted } from '../lib/error.ts'
import { type Made, makeCase, ownDispatches } from './cases.ts'
import type { CeilingShelf, Ceilings } from './ceiling-shelf.ts'
import { compile } from './compile.ts'
import { columnsOf, nearest, proofOf } from './proof.ts'
import type { CompileMessage, Experiment, LabEvent, Phase, Proof, RunRequest } from './protocol.ts'
import type { Watch } from './watch.ts'

/** What experiments are made on. */
export interface Lab {
  readonly device: Device
  readonly sources: ShaderSources
  readonly pipelines: PipelineCache
  readonly ceilings: CeilingShelf
  readonly watch: Watch
}

/** A case in pipelines of its own, and what came of it. */
interface Proven extends Made {
  readonly bench: Bench
  readonly proof: Proof
}

/** Events in the order of `PHASES`. Ends after the compiler's errors, and after a wrong proof unless it is to be timed nevertheless. */
export async function* runExperiment(
  lab: Lab,
  request: RunRequest,
  signal: AbortSignal,
): AsyncGenerator<LabEvent> {
  const { experiment, effort, text, evenIfWrong = false } = request
  const begin = (phase: Phase): LabEvent => {
    throwIfAborted(signal)
    return { type: 'phase', phase }
  }
  const rooms: Made['room'][] = []
  const draw = async (what: Experiment): Promise<Made> => {
    const drawn = await makeCase(lab.device, what, effort.roundBytes)
    rooms.push(drawn.room)
    return drawn
  }
  try {
    yield begin('draw')
    const drawn = await draw(experiment)
    yield begin('compile')
    let { pipelines } = lab
    if (text !== undefined) {
      const sources = { ...lab.sources, [ownDispatches(drawn)[0].kernel.path]: text }
      pipelines = new PipelineCache(lab.device, sources)
      const messages = await checkText(lab.device, drawn, sources, pipelines)
      yield { type: 'compiled', messages }
      if (messages.some(({ type }) => type === 'error')) return
    }
    yield begin('prove')
    const tried = await prove(lab, drawn, pipelines, experiment.tokens)
    yield { type: 'proved', proof: tried.proof }
    if (!tried.proof.right && !evenIfWrong) return
    const engine = isEngines(lab, request) ? undefined : await proveEngine(lab, experiment, draw)
    yield begin('ceiling')
    const ceilings = await lab.ceilings.of(drawn.maker, drawn.format, effort.roundBytes)
    yield begin('time')
    yield { type: 'timed', ...(await time(lab, request, [tried, engine], ceilings, signal)) }
  } finally {
    for (const room of rooms) room.free()
  }
}

/** Nothing of it differs from what the engine would run. */
function isEngines({ device }: Lab, { experiment, text }: RunRequest): boolean {
  const { variants } = device.capabilities
  const same = (Object.keys(experiment.variants) as (keyof typeof variants)[]).every(
    (decision) => experiment.variants[decision] === variants[decision],
  )
  return same && text === undefined
}

/** What the compiler says of a text, and of its place in the pipelines that the case needs. */
async function checkText(
  { gpu }: Device,
  drawn: Made,
  sources: ShaderSources,
  pipelines: PipelineCache,
): Promise<readonly CompileMessage[]> {
  const own = ownDispatches(drawn)
  const [{ kernel, imports }] = own
  try {
    const told = await compile(gpu, kernel.name, link(sources, kernel.path, imports))
    if (!told.some(({ type }) => type === 'error'))
      await Promise.all(own.map((each) => pipelines.prepare(each)))
    return told
  } catch (error) {
    // What is no fault of a line: an import that is none, no entry point, a workgroup that is too large.
    if (!(error instanceof HadalError)) throw error
    const text = error.cause instanceof Error ? error.cause.message : error.message
    return [{ type: 'error', line: 0, column: 0, text }]
  }
}

/** Runs a case once, and holds what came of it against f64. */
async function prove(
  { device, watch }: Lab,
  drawn: Made,
  pipelines: PipelineCache,
  tokens: number,
): Promise<Proven> {
  const { made } = drawn
  const bench = { device, pipelines, clock: undefined }
  const run = await watch.over(Run.prepare(bench, made.first, made.step))
  try {
    run.once()
    await watch.over(device.gpu.queue.onSubmittedWorkDone())
    const result = nearest(await watch.over(made.result()))
    const cols = columnsOf(ownDispatches(drawn)[0], result.wanted.length, tokens)
    return { ...drawn, bench, proof: proofOf(result, cols) }
  } finally {
    run.free()
  }
}

/** What the engine would run. Throws `internal` when that computes wrongly. */
async function proveEngine(
  lab: Lab,
  experiment: Experiment,
  draw: (experiment: Experiment) => Promise<Made>,
): Promise<Proven> {
  const engine = await prove(
    lab,
    await draw({ ...experiment, variants: {} }),
    lab.pipelines,
    experiment.tokens,
  )
  if (engine.proof.right) return engine
  throw new HadalError(
    'internal',
    `What the engine runs for ${engine.maker.kernel} computes wrongly on this adapter: relative error ${engine.proof.error}.`,
    { hint: 'Please report this with the name of the adapter and its driver.' },
  )
}

/** Times what was proven in turn with its ceiling and a streaming read. */
async function time(
  { watch }: Lab,
  { effort }: RunRequest,
  cases: readonly (Proven | undefined)[],
  { top, read }: Ceilings,
  signal: AbortSignal,
): Promise<{ row: KernelRow; engine: KernelRow | undefined }> {
  const proven = cases.filter((each) => each !== undefined)
  const runs: Run[] = []
  try {
    for (const { bench, made } of proven)
      runs.push(await watch.over(Run.prepare(bench, made.dispatches, made.step)))
    const watched = [top.run, read.run, ...runs].map((run) => ({
      settle: () => watch.over(run.settle()),
      time: () => {
        throwIfAborted(signal)
        return watch.over(run.time())
      },
    }))
    const [topTime, readTime, ...times] = await timeInTurn(watched, effort.repetitions)
    const rows = proven.map(({ maker, made, format, proof: { error, tolerance } }, i) =>
      rowOf(
        maker,
        { made, format, error, tolerance, round: present(times[i], 'a time') },
        { ceiling: top, time: present(topTime, 'a time') },
        { ceiling: read, time: present(readTime, 'a time') },
      ),
    )
    return { row: present(rows[0], 'a row'), engine: rows[1] }
  } finally {
    for (const run of runs) run.free()
  }
}
