// Answers: what do the ways to keep keys and values cost on this device? The benchmark, step by step; each event carries all that is known so far.
// It must not know who looks at it.
//
// Method. First the check: a prompt through the model's own chat template (as plain text where it has none), and 64 greedy tokens after it, in every form; a form that gives other
// tokens than the model's own is wrong, and is not timed. FP8 rounds on purpose: its mean KL against the latents is given, over
// prompt and tokens, and how many greedy tokens are the same. `gqa-8` and `mqa` have the right shape and no meaning.
// Then, context by context and in it form by form, so that what is compared was measured one after the other: exactly the pages of that context,
// and the bytes of the buffers read off. row.ts says how steps are timed. Weights are the same buffers throughout; a form's buffers are freed
// before the next is measured. Contexts may be longer than what the model was trained for: bytes and times are real, text would not be.
import type { Borrowed, Engine } from '../engine/engine.ts'
import type { Runtime } from '../engine/runtime.ts'
import { HadalError, throwIfAborted } from '../lib/error.ts'
import type { CacheKind } from '../models/cache-form.ts'
import { checkCache, checkedPrompt, checkRuntime, type Reference, referenceOf } from './check.ts'
import { copyBandwidth } from './copy.ts'
import { describeBenchModel, describeCache, describeEnvironment } from './describe.ts'
import type {
  BenchCache,
  BenchEvent,
  BenchProgress,
  BenchResult,
  BenchRow,
  BenchSettings,
  Check,
} from './result.ts'
import { measureRow, plannedRow, refusalOf } from './row.ts'
import { benchSettings } from './settings.ts'

/**
 * Runs the benchmark on a loaded model, which answers nothing else meanwhile. When the signal fires, it ends with what it has (`complete: false`).
 * Throws `bad_request` for odd settings or a busy model, `device_lost`.
 */
export async function* measure(
  engine: Engine,
  wanted: Partial<BenchSettings> = {},
  signal?: AbortSignal,
): AsyncGenerator<BenchEvent, void> {
  const lent = engine.borrow()
  try {
    yield* new Benchmark(engine, lent, benchSettings(lent.runtime.spec, wanted), signal).run()
  } finally {
    lent.release()
  }
}

class Benchmark {
  readonly #engine: Engine
  readonly #own: Runtime
  readonly #memory: Borrowed['memory']
  readonly #settings: BenchSettings
  readonly #signal: AbortSignal | undefined
  readonly #prompt: readonly number[]
  readonly #start: Pick<BenchResult, 'date' | 'environment' | 'model'>
  readonly #caches: BenchCache[] = []
  readonly #rows: BenchRow[] = []
  /** Why a form is not timed: other text, or the device refused it. */
  readonly #wrong = new Map<CacheKind, string>()
  readonly #parts: number
  #copyBytesPerSecond = 0
  #done = 0

  constructor(
    engine: Engine,
    { runtime, chat, memory }: Borrowed,
    settings: BenchSettings,
    signal: AbortSignal | undefined,
  ) {
    this.#engine = engine
    this.#own = runtime
    this.#memory = memory
    this.#settings = settings
    this.#signal = signal
    this.#prompt = checkedPrompt(chat, engine.tokenizer)
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
      if (!(error instanceof HadalError) || error.code !== 'aborted') throw error
    }
    yield this.#event({ phase: 'done' })
  }

  async *#checkAll(): AsyncGenerator<BenchEvent, void> {
    const { caches } = this.#settings
    let reference: Reference | undefined
    for (const kind of caches) {
      yield this.#event({ phase: 'check', cache: kind })
      reference ??= await this.#with(this.#own.spec.attention.kind, (runtime) =>
        referenceOf(this.#engine.device, runtime, this.#prompt, caches.includes('latent-fp8'), this.#signal),
      )
      try {
        const check = await this.#check(kind, reference)
        if (check.verdict === 'wrong')
          this.#wrong.set(kind, `wrong: token ${check.at + 1} differs from what the model says`)
        this.#caches.push(describeCache(this.#own, this.#engine.device, this.#form(kind), check))
      } catch (error) {
        this.#wrong.set(kind, refusalOf(error))
      }
      this.#done++
    }
  }

  async #check(kind: CacheKind, reference: Reference): Promise<Check> {
    return this.#with(kind, (runtime) =>
      checkCache(this.#engine.device, runtime, kind, reference, this.#signal),
    )
  }

  async *#measure(kind: CacheKind, context: number): AsyncGenerator<BenchEvent, void> {
    throwIfAborted(this.#signal)
    const form = this.#form(kind)
    const { steps } = this.#settings
    const at = (phase: BenchProgress['phase']) => this.#event({ phase, cache: kind, context })
    const task = { form, context, steps, text: this.#prompt, memory: this.#memory, at }
    const missing = this.#wrong.get(kind)
    if (missing !== undefined) {
      this.#rows.push({ ...plannedRow(this.#engine.device, this.#own, task), missing })
    } else {
      this.#rows.push(yield* measureRow(this.#engine.device, this.#own, task, this.#signal))
    }
    this.#done++
  }

  /** Gives a runtime that holds prompt and checked tokens to `work`, and frees it. */
  async #with<T>(kind: CacheKind, work: (runtime: Runtime) => Promise<T>): Promise<T> {
    const runtime = await checkRuntime(this.#own, this.#form(kind), this.#prompt)
    try {
      return await work(runtime)
    } finally {
      await runtime.idle()
      runtime.destroy()
    }
  }

  #form = (kind: CacheKind) => ({ kind, numbers: this.#settings.numbers })

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
