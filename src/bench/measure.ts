// Runs the KV-cache benchmark and yields an event with all results so far after each part.
//
// Method. First a check: in every layout a prompt (in the model's chat template, or as plain text where it
// has none) and 64 greedy tokens. A layout whose tokens differ from those of the model's own cache is wrong
// and is not timed. FP8 rounds on purpose: the result gives its mean KL against the latent cache, over prompt
// and tokens, and how many greedy tokens are equal. `gqa-8` and `mqa` have the right shape but meaningless
// output. Then the timing, context by context and within it layout by layout, so that compared figures were
// measured one after the other. Each layout gets exactly the pages of that context; its bytes are read off
// the buffers. measure-row.ts describes how steps are timed. All layouts use the same weight buffers; the
// buffers of one layout are freed before the next is measured. Contexts may exceed the trained length: bytes
// and times are real, the text would not be.
import type { Engine, EngineLease } from '../engine/engine.ts'
import type { Runtime } from '../engine/run/runtime.ts'
import { isAborted, throwIfAborted } from '../lib/error.ts'
import type { CacheKind, CacheLayout } from '../models/cache-layout.ts'
import {
  checkCache,
  checkPrompt,
  type GreedyReference,
  prepareCheckRuntime,
  runReference,
} from './check-cache.ts'
import { copyBandwidth } from './copy-bandwidth.ts'
import { describeBenchModel, describeCache, describeEnvironment } from './describe.ts'
import { measureRow, plannedRow, refusalOf } from './measure-row.ts'
import type {
  BenchCache,
  BenchEvent,
  BenchProgress,
  BenchResult,
  BenchRow,
  BenchSettings,
  CacheCheck,
} from './result.ts'
import { benchSettings } from './settings.ts'

/**
 * Runs the benchmark on a loaded model, which serves no other request meanwhile. An abort ends it with a
 * partial result (`complete: false`). Throws `bad_request` for invalid settings or a busy model,
 * `device_lost`.
 */
export async function* measure(
  engine: Engine,
  settings: Partial<BenchSettings> = {},
  signal?: AbortSignal,
): AsyncGenerator<BenchEvent, void> {
  const borrowed = engine.lease()
  try {
    yield* new Benchmark(engine, borrowed, benchSettings(borrowed.runtime.spec, settings), signal).run()
  } finally {
    borrowed.release()
  }
}

class Benchmark {
  readonly #engine: Engine
  readonly #modelRuntime: Runtime
  readonly #memory: EngineLease['memory']
  readonly #settings: BenchSettings
  readonly #signal: AbortSignal | undefined
  readonly #prompt: readonly number[]
  readonly #start: Pick<BenchResult, 'date' | 'environment' | 'model'>
  readonly #caches: BenchCache[] = []
  readonly #rows: BenchRow[] = []
  /** Why a layout is not timed: its tokens differ, or the device refused it. */
  readonly #excluded = new Map<CacheKind, string>()
  readonly #parts: number
  #copyBytesPerSecond = 0
  #done = 0

  constructor(
    engine: Engine,
    { runtime, chat, memory }: EngineLease,
    settings: BenchSettings,
    signal: AbortSignal | undefined,
  ) {
    this.#engine = engine
    this.#modelRuntime = runtime
    this.#memory = memory
    this.#settings = settings
    this.#signal = signal
    this.#prompt = checkPrompt(chat, engine.tokenizer)
    this.#start = {
      date: new Date().toISOString(),
      environment: describeEnvironment(engine.device),
      model: describeBenchModel(engine, runtime),
    }
    this.#parts = 1 + settings.caches.length * (1 + settings.contexts.length)
  }

  async *run(): AsyncGenerator<BenchEvent, void> {
    try {
      yield this.#event({ phase: 'copy' })
      this.#copyBytesPerSecond = await copyBandwidth(this.#engine.device, this.#signal)
      this.#done++
      yield* this.#checkAll()
      for (const context of this.#settings.contexts) {
        for (const kind of this.#settings.caches) yield* this.#measure(kind, context)
      }
    } catch (error) {
      if (!isAborted(error)) throw error
    }
    yield this.#event({ phase: 'done' })
  }

  async *#checkAll(): AsyncGenerator<BenchEvent, void> {
    const { caches } = this.#settings
    let reference: GreedyReference | undefined
    for (const kind of caches) {
      yield this.#event({ phase: 'check', cache: kind })
      reference ??= await this.#with(this.#modelRuntime.spec.attention.kind, (runtime) =>
        runReference(this.#engine.device, runtime, {
          prompt: this.#prompt,
          withLogits: caches.includes('latent-fp8'),
          signal: this.#signal,
        }),
      )
      try {
        const check = await this.#check(kind, reference)
        if (check.verdict === 'wrong')
          this.#excluded.set(kind, `wrong: token ${check.at + 1} differs from the model's own cache`)
        this.#caches.push(describeCache(this.#modelRuntime, this.#engine.device, this.#layout(kind), check))
      } catch (error) {
        this.#excluded.set(kind, refusalOf(error))
      }
      this.#done++
    }
  }

  async #check(kind: CacheKind, reference: GreedyReference): Promise<CacheCheck> {
    return this.#with(kind, (runtime) =>
      checkCache(this.#engine.device, runtime, { kind, reference, signal: this.#signal }),
    )
  }

  async *#measure(kind: CacheKind, context: number): AsyncGenerator<BenchEvent, void> {
    throwIfAborted(this.#signal)
    const layout = this.#layout(kind)
    const { steps } = this.#settings
    const eventOf = (phase: BenchProgress['phase']) => this.#event({ phase, cache: kind, context })
    const task = { layout, context, steps, tokenIds: this.#prompt, memory: this.#memory, eventOf }
    const missing = this.#excluded.get(kind)
    if (missing !== undefined) {
      this.#rows.push({ ...plannedRow(this.#engine.device, this.#modelRuntime, task), missing })
    } else {
      this.#rows.push(yield* measureRow(this.#engine.device, this.#modelRuntime, task, this.#signal))
    }
    this.#done++
  }

  /** Runs `work` with a runtime for the check, and frees it. */
  async #with<T>(kind: CacheKind, work: (runtime: Runtime) => Promise<T>): Promise<T> {
    const runtime = await prepareCheckRuntime(this.#modelRuntime, this.#layout(kind), this.#prompt)
    try {
      return await work(runtime)
    } finally {
      await runtime.idle()
      runtime.destroy()
    }
  }

  #layout = (kind: CacheKind): CacheLayout => ({ kind, kvDtype: this.#settings.numbers })

  #event(at: Omit<BenchProgress, 'done' | 'total'>): BenchEvent {
    const complete = this.#done === this.#parts
    return {
      progress: { ...at, done: this.#done, total: this.#parts },
      result: {
        format: 'hadal-bench',
        version: 1,
        ...this.#start,
        settings: this.#settings,
        copyBytesPerSecond: this.#copyBytesPerSecond,
        caches: [...this.#caches],
        rows: [...this.#rows],
        complete,
      },
    }
  }
}
