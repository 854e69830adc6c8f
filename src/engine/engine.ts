// Loads a model on a GPU device and answers requests.
// The worker, the command line and `hadal/core` use it.
import sources from 'virtual:shaders'
import { type Device, openDevice } from '../gpu/device.ts'
import { PipelineCache } from '../gpu/kernel.ts'
import type { KernelTime } from '../gpu/profiler.ts'
import { untilAborted } from '../lib/abort.ts'
import { HadalError } from '../lib/error.ts'
import type { CacheKind } from '../models/cache-layout.ts'
import type { ChatEncoder } from '../text/chat.ts'
import type { TextTokenizer } from '../text/tokenizer.ts'
import type { Checkpoint } from '../weights/checkpoint.ts'
import type { Source } from '../weights/source.ts'
import { LaterChecks } from './load/later-checks.ts'
import { loadOnDevice } from './load/load-on-device.ts'
import type { MemoryRange } from './load/memory-range.ts'
import { specFromConfig, toLoadTarget } from './load/plan.ts'
import { progressReporter } from './load/progress.ts'
import { type ModelText, openText } from './load/text.ts'
import { readTunedVariants } from './load/tuned-variants.ts'
import { openConfigured } from './load/user-config.ts'
import { variantNotes, withVariants } from './load/variant-notes.ts'
import { modelInfo } from './model-info.ts'
import type { EngineOptions } from './options.ts'
import { generate } from './run/generate.ts'
import { computeLogits, type LogitsMode } from './run/logits.ts'
import { profileDecodeStep } from './run/profile.ts'
import { resolveRequest } from './run/request.ts'
import type { CompileStats, Runtime } from './run/runtime.ts'
import { Runtimes } from './run/runtimes.ts'
import { eosTokenIds, samplingDefaults, writeSamplingState } from './run/sampling.ts'
import { Session } from './run/session.ts'
import type {
  GenerateEvent,
  GenerateRequest,
  GpuBytes,
  ModelInfo,
  QuantizeChoice,
  SamplingOptions,
} from './types.ts'

/**
 * Loads the model in `source`: reads config and headers, allocates all buffers, uploads the weights, checks
 * every kernel that will run and compiles the pipelines. Throws a `HadalError` that names
 * file and tensor. On failure everything on the GPU is freed.
 */
export async function loadEngine(source: Source, options: EngineOptions = {}): Promise<Engine> {
  const { signal } = options
  const opened = await openDevice(options.gpu ?? globalThis.navigator?.gpu, options.device)
  try {
    const { prefillChunk: tunedChunk, ...tuned } = await readTunedVariants(opened, options.tuned)
    const device = withVariants(opened, tuned)
    const report = progressReporter(options.onProgress)
    report('list')
    const checkpoint = await openConfigured(source, options)
    const spec = specFromConfig(checkpoint, checkpoint.notices)
    report('tokenizer')
    const text = await openText(source, spec.vocabSize, signal, checkpoint.notices)
    const target = toLoadTarget(spec, checkpoint, device.capabilities, options)
    const pipelines = new PipelineCache(device, options.shaders ?? sources)
    const model = await loadOnDevice(device, pipelines, target, { options, tunedChunk, report })
    const compiled = await untilAborted(model.runtime.compile(), signal)
    report('ready')
    return new Engine(model.device, model.runtime, {
      checkpoint,
      text,
      quantize: model.quantize,
      memory: target.memory,
      compiled,
      checks: new LaterChecks(model.device, pipelines, model.runtime),
      notes: {
        variants: variantNotes(model.device, tuned, model.failed),
        notices: [...checkpoint.notices.texts, ...model.notices],
        ...(options.config && { config: options.config }),
      },
    })
  } catch (error) {
    opened.destroy()
    throw error
  }
}

/** The KV cache layout of a session; by default the one the model was loaded with. */
export interface CacheOption {
  readonly cache?: CacheKind | undefined
}

/** Exclusive access to an engine's runtime, for benchmarks. */
export interface EngineLease {
  readonly runtime: Runtime
  readonly chat: ChatEncoder
  /** Memory that the GPU may use. */
  readonly memory: MemoryRange
  /** Pipelines compiled while loading, and how long that took. */
  readonly compiled: CompileStats
  readonly release: () => void
}

/**
 * A loaded model. It answers one request at a time and refuses a second `generate` until the first has ended.
 */
export class Engine {
  readonly info: ModelInfo
  readonly device: Device
  readonly tokenizer: TextTokenizer
  /** Resolves when the GPU device is lost. */
  readonly lost: Promise<HadalError>
  readonly #runtimes: Runtimes
  readonly #chat: ChatEncoder
  readonly #defaults: SamplingOptions
  readonly #eos: ReadonlySet<number>
  readonly #session: Session
  readonly #memory: MemoryRange
  readonly #compiled: CompileStats
  readonly #checks: LaterChecks
  #busy = false

  constructor(
    device: Device,
    runtime: Runtime,
    parts: {
      checkpoint: Checkpoint
      text: ModelText
      quantize: QuantizeChoice
      memory: MemoryRange
      compiled: CompileStats
      checks: LaterChecks
      notes: Pick<ModelInfo, 'variants' | 'notices' | 'config'>
    },
  ) {
    this.device = device
    this.lost = device.lost
    this.tokenizer = parts.text.tokenizer
    this.#runtimes = new Runtimes(runtime)
    this.#memory = parts.memory
    this.#compiled = parts.compiled
    this.#checks = parts.checks
    this.#chat = parts.text.chat
    this.#defaults = samplingDefaults(parts.checkpoint.generationConfig)
    this.#eos = new Set([
      ...runtime.spec.eosTokenIds,
      ...eosTokenIds(parts.checkpoint.generationConfig),
      ...parts.text.eosTokenIds,
    ])
    this.#session = new Session(runtime.cache)
    const { thinking } = parts.text.chat
    this.info = modelInfo(runtime, parts.checkpoint, device.adapter, {
      thinking,
      quantize: parts.quantize,
      ...parts.notes,
    })
  }

  /** Bytes of live GPU buffers by purpose, and their `total`. */
  gpuBytes(): GpuBytes {
    return this.device.arena.bytes()
  }

  /**
   * Opens another conversation. Sessions with the same cache layout share a KV cache. Use `fork()` to answer
   * the same question twice and `close()` to free the pages. The first session with a new cache layout
   * allocates that cache and compiles its programs. Throws `bad_request` if the model does not support the
   * layout, or if a new cache is needed while an answer is running; also `unsupported` and `out_of_memory`.
   */
  async openSession({ cache }: CacheOption = {}): Promise<Session> {
    const release = this.#runtimes.has(cache) ? undefined : this.#acquire()
    const runtime = await this.#openRuntime(cache).finally(release)
    return new Session(runtime.cache)
  }

  /**
   * Frees a KV cache that `openSession` or `logits` allocated.
   * Throws `bad_request` while a session holds pages in it or an answer is running.
   */
  async closeCache(cache: CacheKind): Promise<void> {
    const release = this.#acquire()
    return this.#runtimes.close(cache).finally(release)
  }

  /**
   * Answers a request in the engine's own session or in another one. Leaving the loop early or aborting the
   * signal stops it; after an abort the last event has `finishReason: 'abort'`.
   */
  async *generate(
    request: GenerateRequest,
    signal?: AbortSignal,
    session = this.#session,
  ): AsyncGenerator<GenerateEvent> {
    const model = { tokenizer: this.tokenizer, chat: this.#chat, defaults: this.#defaults, eos: this.#eos }
    const runtime = this.#runtimes.of(session)
    const task = resolveRequest(request, runtime, model)
    const release = this.#acquire()
    try {
      if (task.logprobs !== undefined) await this.#checks.logprobs()
      const { state, spec } = runtime
      const { sampling, prompt } = task
      writeSamplingState(this.device, state, { sampling, prompt, vocab: spec.vocabSize })
      yield* generate(runtime, session, task, { tokenizer: this.tokenizer, signal })
    } finally {
      release()
    }
  }

  /**
   * Logits after every id, [ids, vocab], starting from an empty cache: the whole prompt in one prefill step,
   * in prefill chunks, or token by token through the decode program.
   */
  async logits(
    ids: readonly number[],
    mode: LogitsMode = 'whole',
    { cache }: CacheOption = {},
  ): Promise<Float32Array> {
    const release = this.#acquire()
    return this.#openRuntime(cache)
      .then((runtime) => computeLogits(runtime, ids, mode))
      .finally(release)
  }

  /**
   * Milliseconds by kernel of one decode step after `context` tokens, whose content does not matter.
   * Throws `unsupported` without the timestamp-query feature.
   */
  async profile(context: number): Promise<KernelTime[]> {
    const release = this.#acquire()
    return profileDecodeStep(this.device, this.#runtimes.default, context).finally(release)
  }

  /**
   * Hands out the runtime for measurements; requests are refused until `release` is called.
   * Throws `bad_request` while an answer is running.
   */
  lease(): EngineLease {
    const release = this.#acquire()
    const compiled = this.#compiled
    return { runtime: this.#runtimes.default, chat: this.#chat, memory: this.#memory, compiled, release }
  }

  async #openRuntime(cache: CacheKind | undefined): Promise<Runtime> {
    if (cache !== undefined && !this.#runtimes.has(cache)) await this.#checks.cache(cache)
    return this.#runtimes.open(cache)
  }

  /** Frees everything on the GPU. */
  destroy(): void {
    this.device.destroy()
  }

  /**
   * Locks the engine: programs and state serve one caller at a time. Returns the function that unlocks it.
   */
  #acquire(): () => void {
    if (this.#busy) {
      throw new HadalError('bad_request', 'The model is answering another request.', {
        hint: 'Wait for it to end, or stop it.',
      })
    }
    this.#busy = true
    return () => {
      this.#busy = false
    }
  }
}
