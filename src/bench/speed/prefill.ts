// Measures prefill as a fraction of the matrix-multiplication ceiling, and the time to the first token.
import { prefill } from '../../engine/run/prefill.ts'
import type { Runtime } from '../../engine/run/runtime.ts'
import { Session } from '../../engine/run/session.ts'
import type { CompileStats } from '../../engine/run/warm-up.ts'
import type { StorageFormat } from '../../gpu/formats.ts'
import { PLAIN_STEP } from '../../kernels/step.ts'
import { summarizeTimes, type TimingSummary } from '../../lib/timing-summary.ts'
import { BenchBuffers } from '../kernels/buffers.ts'
import type { BenchContext } from '../kernels/dispatch-timer.ts'
import { matmulCeilings } from '../kernels/matmul-ceiling.ts'
import type { MatmulShape } from '../kernels/model-widths.ts'
import { prefillFlops } from './flops.ts'
import { benchPrompt } from './prompt.ts'

export interface PrefillRow {
  readonly tokens: number
  readonly time: TimingSummary // milliseconds, without sampling
  readonly tokensPerSecond: number
  readonly submissions: number // that prefill is cut into
  readonly longestMs: number // of the longest submission in any repetition
  readonly flops: number // by `prefillFlops`
  readonly gflopPerSecond: number
  readonly ceiling: { readonly loop: string; readonly gflopPerSecond: number }
  readonly fractionOfCeiling: number
}

/** A part of the time to the first token: wall-clock milliseconds, and the fraction of all parts. */
export interface TimePart {
  readonly ms: number
  readonly fraction: number
}

/** Time to the first token of a freshly loaded model. */
export interface FirstTokenRow {
  readonly pipelines: number // compiled while loading
  readonly compile: TimePart
  readonly encode: TimePart // JavaScript's time in prefill
  readonly gpu: TimePart // the rest of prefill
  readonly sample: TimePart // sampling and reading back four bytes
  /** All parts except `compile`: time to the first token when the model is loaded. */
  readonly ms: number
}

export interface PrefillOptions {
  readonly tokens: number
  readonly repetitions: number
  readonly formats: readonly StorageFormat[] // of the model's matrices
  readonly shapes: readonly MatmulShape[] // tried for the matmul ceiling
}

/**
 * Times prompts, interleaved with the matmul ceiling of the model's formats, after one untimed prompt.
 * Throws `internal` if a ceiling loop miscalculates.
 */
export async function benchPrefill(
  bench: BenchContext,
  runtime: Runtime,
  compiled: CompileStats,
  { tokens, repetitions, formats, shapes }: PrefillOptions,
): Promise<{ prefill: PrefillRow; firstToken: FirstTokenRow }> {
  const buffers = new BenchBuffers(bench.device)
  const { matmulPrecision } = runtime.options
  const ceilings = await matmulCeilings(buffers, bench, formats, { shapes, matmulPrecision })
  const top = ceilings.best(formats)
  await top.timer.calibrate()
  const session = new Session(runtime.cache)
  await runtime.reportLogprobs(false)
  const clock = bench.clock ?? (() => performance.now())
  await runPrompt(runtime, session, tokens, clock)
  const runs: PromptRun[] = []
  const topTimes: number[] = []
  for (let i = 0; i < repetitions; i++) {
    runs.push(await runPrompt(runtime, session, tokens, clock))
    topTimes.push(await top.timer.time())
  }
  session.close()
  ceilings.free()
  buffers.free()
  const time = summarizeTimes(runs.map(({ ms }) => ms))
  const flops = prefillFlops(runtime.spec, tokens)
  const gflopPerSecond = flops / time.ms / 1e6
  const ceiling = { loop: top.name, gflopPerSecond: top.flops / summarizeTimes(topTimes).ms / 1e6 }
  return {
    prefill: {
      tokens,
      time,
      tokensPerSecond: (1000 * tokens) / time.ms,
      submissions: summarizeTimes(runs.map(({ parts }) => parts)).ms,
      longestMs: Math.max(...runs.map(({ longestMs }) => longestMs)),
      flops,
      gflopPerSecond,
      ceiling,
      fractionOfCeiling: gflopPerSecond / ceiling.gflopPerSecond,
    },
    firstToken: firstTokenOf(runs, compiled),
  }
}

interface PromptRun {
  readonly ms: number // of prefill, by the benchmark's clock
  readonly encodeMs: number
  readonly gpuMs: number
  readonly sampleMs: number
  readonly parts: number
  readonly longestMs: number
}

/** Runs a prompt from an empty session as an answer does, in chunks, and samples one token. */
async function runPrompt(
  runtime: Runtime,
  session: Session,
  tokens: number,
  clock: () => number,
): Promise<PromptRun> {
  const ids = benchPrompt(tokens, runtime.spec.vocabSize)
  session.rewind(0)
  await session.reserve(tokens)
  runtime.writePageTable(session)
  runtime.parts.takeCounts()
  const [started, wallStarted] = [clock(), performance.now()]
  await prefill(runtime, session, ids)
  await runtime.idle()
  const [ended, wallEnded] = [clock(), performance.now()]
  const { parts, encodeMs, longestMs } = runtime.parts.takeCounts()
  await runtime.sample(PLAIN_STEP)
  return {
    ms: ended - started,
    encodeMs,
    gpuMs: wallEnded - wallStarted - encodeMs,
    sampleMs: performance.now() - wallEnded,
    parts,
    longestMs,
  }
}

function firstTokenOf(runs: readonly PromptRun[], { pipelines, ms: compileMs }: CompileStats): FirstTokenRow {
  const median = (of: (run: PromptRun) => number) => summarizeTimes(runs.map(of)).ms
  const [encodeMs, gpuMs, sampleMs] = [
    median((run) => run.encodeMs),
    median((run) => run.gpuMs),
    median((run) => run.sampleMs),
  ]
  const warm = encodeMs + gpuMs + sampleMs
  const part = (ms: number): TimePart => ({ ms, fraction: ms / (warm + compileMs) })
  return {
    pipelines,
    compile: part(compileMs),
    encode: part(encodeMs),
    gpu: part(gpuMs),
    sample: part(sampleMs),
    ms: warm,
  }
}
