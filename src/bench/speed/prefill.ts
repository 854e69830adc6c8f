// Answers: how fast is a prompt, as a share of the best tiled product, and how long until its first token? Both from the same runs.
// It must not know how a model is loaded.
import { prefill } from '../../engine/generate.ts'
import type { Compiled, Runtime } from '../../engine/runtime.ts'
import { Session } from '../../engine/session.ts'
import type { Format } from '../../gpu/matrix.ts'
import { PLAIN_STEP } from '../../kernels/step.ts'
import { type Spread, spreadOf } from '../../lib/spread.ts'
import type { ProductShape } from '../kernels/model.ts'
import { productCeilings } from '../kernels/product-ceiling.ts'
import { Room } from '../kernels/room.ts'
import type { Bench } from '../kernels/run.ts'
import { prefillFlops } from './flops.ts'
import { promptOf } from './prompt.ts'

export interface PrefillRow {
  readonly tokens: number
  readonly time: Spread // milliseconds, without sampling
  readonly tokensPerSecond: number
  readonly flops: number // as `prefillFlops` counts them
  readonly gflopPerSecond: number
  readonly ceiling: { readonly loop: string; readonly gflopPerSecond: number }
  readonly share: number
}

/** A part of what passes before the first token, in milliseconds of the wall clock, and as a share of all parts. */
export interface Part {
  readonly ms: number
  readonly share: number
}

/** The way to the first token of a model that was just loaded. */
export interface FirstTokenRow {
  readonly pipelines: number // compiled while loading
  readonly compile: Part
  readonly encode: Part // JavaScript's part of prefill
  readonly gpu: Part // what prefill takes beside
  readonly sample: Part // sampling, and four bytes on their way back
  /** Of all parts but `compile`: what a prompt takes when the model is there. */
  readonly ms: number
}

export interface PrefillOptions {
  readonly tokens: number
  readonly repetitions: number
  readonly formats: readonly Format[] // of the model's matrices
  readonly shapes: readonly ProductShape[] // at which the best product is sought
}

/** Times prompts in turn with the best product of the model's formats; one more goes before, untimed. */
export async function benchPrefill(
  bench: Bench,
  runtime: Runtime,
  compiled: Compiled,
  { tokens, repetitions, formats, shapes }: PrefillOptions,
): Promise<{ prefill: PrefillRow; firstToken: FirstTokenRow }> {
  const room = new Room(bench.device)
  const { products } = runtime.options
  const ceilings = await productCeilings(room, bench, formats, { shapes, products })
  const most = ceilings.of(formats)
  await most.run.settle()
  const session = new Session(runtime.cache)
  await runtime.reportLogprobs(false)
  const clock = bench.clock ?? (() => performance.now())
  await runPrompt(runtime, session, tokens, clock)
  const runs: Run[] = []
  const tops: number[] = []
  for (let i = 0; i < repetitions; i++) {
    runs.push(await runPrompt(runtime, session, tokens, clock))
    tops.push(await most.run.time())
  }
  session.close()
  ceilings.free()
  room.free()
  const time = spreadOf(runs.map(({ ms }) => ms))
  const flops = prefillFlops(runtime.spec, tokens)
  const gflopPerSecond = flops / time.ms / 1e6
  const ceiling = { loop: most.name, gflopPerSecond: most.flops / spreadOf(tops).ms / 1e6 }
  return {
    prefill: {
      tokens,
      time,
      tokensPerSecond: (1000 * tokens) / time.ms,
      flops,
      gflopPerSecond,
      ceiling,
      share: gflopPerSecond / ceiling.gflopPerSecond,
    },
    firstToken: firstTokenOf(runs, compiled),
  }
}

interface Run {
  readonly ms: number // of prefill, by the clock of the benchmark
  readonly encodeMs: number
  readonly gpuMs: number
  readonly sampleMs: number
}

/** A prompt from an empty session, in chunks and at the pace of an answer, and one token. */
async function runPrompt(
  runtime: Runtime,
  session: Session,
  tokens: number,
  clock: () => number,
): Promise<Run> {
  const ids = promptOf(tokens, runtime.spec.vocab)
  session.rewind(0)
  await session.reserve(tokens)
  runtime.writePages(session)
  let encodeMs = 0
  const timed: Parameters<typeof prefill>[0] = {
    options: runtime.options,
    idle: () => runtime.idle(),
    prefill(chunk, at) {
      const before = performance.now()
      runtime.prefill(chunk, at)
      encodeMs += performance.now() - before
    },
  }
  const [began, started] = [clock(), performance.now()]
  await prefill(timed, session, ids)
  await runtime.idle()
  const [ended, filled] = [clock(), performance.now()]
  await runtime.sample(PLAIN_STEP)()
  return {
    ms: ended - began,
    encodeMs,
    gpuMs: filled - started - encodeMs,
    sampleMs: performance.now() - filled,
  }
}

function firstTokenOf(runs: readonly Run[], { pipelines, ms: compileMs }: Compiled): FirstTokenRow {
  const median = (of: (run: Run) => number) => spreadOf(runs.map(of)).ms
  const [encodeMs, gpuMs, sampleMs] = [
    median((run) => run.encodeMs),
    median((run) => run.gpuMs),
    median((run) => run.sampleMs),
  ]
  const warm = encodeMs + gpuMs + sampleMs
  const part = (ms: number): Part => ({ ms, share: ms / (warm + compileMs) })
  return {
    pipelines,
    compile: part(compileMs),
    encode: part(encodeMs),
    gpu: part(gpuMs),
    sample: part(sampleMs),
    ms: warm,
  }
}
