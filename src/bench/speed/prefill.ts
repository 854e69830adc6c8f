// Answers: how fast is a prompt, as a share of the best tiled product, and how long until its first token? Both from the same runs.
// It must not know how a model is loaded.
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
  await session.reserve(tokens)
  runtime.writePages(session)
  await runtime.reportLogprobs(false)
  const clock = bench.clock ?? (() => performance.now())
  await runPrompt(runtime, tokens, clock)
  const runs: Run[] = []
  const tops: number[] = []
  for (let i = 0; i < repetitions; i++) {
    runs.push(await runPrompt(runtime, tokens, clock))
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

/** A prompt in chunks as an answer has them, and one token. */
async function runPrompt(runtime: Runtime, tokens: number, clock: () => number): Promise<Run> {
  const ids = promptOf(tokens, runtime.spec.vocab)
  const { chunk } = runtime.options
  const [began, started] = [clock(), performance.now()]
  let encodeMs = 0
  for (let at = 0; at < tokens; at += chunk) {
    const before = performance.now()
    runtime.prefill(ids.slice(at, at + chunk), at)
    encodeMs += performance.now() - before
  }
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

/** Ids from all over the vocabulary, so that routers choose many experts. */
const promptOf = (tokens: number, vocab: number): number[] =>
  Array.from({ length: tokens }, (_, i) => (i * 7919 + 101) % vocab)

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
