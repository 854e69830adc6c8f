// Answers: how is a model opened, and what can it do? The engine on a GPU device, for the worker, the command line and `hadal/core`.
// It must not know pages, workers or where files lie.
import sources from 'virtual:shaders'
import { type Device, openDevice } from '../gpu/device.ts'
import { PipelineCache } from '../gpu/kernel.ts'
import type { KernelTime } from '../gpu/profiler.ts'
import { HadalError, throwIfAborted } from '../lib/error.ts'
import type { CacheKind } from '../models/cache-form.ts'
import type { Chat } from '../text/chat.ts'
import type { TextTokenizer } from '../text/tokenizer.ts'
import { type Checkpoint, openCheckpoint } from '../weights/checkpoint.ts'
import type { Source } from '../weights/source.ts'
import { type Allocated, allocate } from './allocate.ts'
import { keepsStored } from './choices.ts'
import { plannedRecorder } from './footprint.ts'
import { generate } from './generate.ts'
import { modelInfo } from './info.ts'
import { type LogitsMode, logitsOf } from './logits.ts'
import type { MemoryRange } from './memory-range.ts'
import { specOf, subjectOf } from './model-plan.ts'
import type { EngineOptions } from './options.ts'
import { packModel } from './pack.ts'
import { fillModel } from './prepare.ts'
import { profileStep } from './profile.ts'
import { progressReporter } from './progress.ts'
import { taskOf } from './request.ts'
import { type Compiled, Runtime } from './runtime.ts'
import { Runtimes } from './runtimes.ts'
import { eosOf, modelDefaults, writeSamplingState } from './sampling.ts'
import { selfTest } from './self-test.ts'
import { Session } from './session.ts'
import { openText } from './text.ts'
import { readWinners } from './tuned.ts'
import type {
  GenerateEvent,
  GenerateRequest,
  GpuBytes,
  ModelInfo,
  QuantizeChoice,
  SamplingOptions,
} from './types.ts'
import { noticesOf, variantNotes, withVariants } from './variants.ts'

/**
 * Opens the model in `source`: reads config and headers, allocates everything, uploads the weights, proves the kernels
 * that are not the plain ones, compiles every pipeline. Throws a `HadalError` naming file and tensor; nothing stays on the GPU then.
 */
export async function loadEngine(source: Source, options: EngineOptions = {}): Promise<Engine> {
  const { signal, quantize = 'none' } = options
  const opened = await openDevice(options.gpu ?? globalThis.navigator?.gpu, options.device)
  const failed = new AbortController() // what reads on ends when a proof fails beside it
  try {
    const { chunk, ...tuned } = await readWinners(opened, options.tuned)
    const device = withVariants(opened, tuned)
    const report = progressReporter(options.onProgress)
    report('list')
    const checkpoint = await openCheckpoint(source, signal)
    const spec = specOf(checkpoint.config)
    report('tokenizer')
    const { tokenizer, chat } = await openText(source, spec.vocab, signal)
    const subject = subjectOf(spec, checkpoint, device.capabilities, options)
    const pipelines = new PipelineCache(device, options.shaders ?? sources)
    const made = await allocate(device, pipelines, subject, quantize, options.chunk ? undefined : chunk)
    const moving = keepsStored(made.quantize) ? 'upload' : 'convert'
    report(moving)
    const [tested] = await Promise.all([
      selfTest(
        device,
        pipelines,
        plannedRecorder(spec, made.plan, device.capabilities, made.runtime.options),
      ),
      fillModel(device, made.model, checkpoint, {
        signal: signal ? AbortSignal.any([signal, failed.signal]) : failed.signal,
        onProgress: (done) => report(moving, done),
      }),
    ])
    const sound = withVariants(device, tested.variants)
    const notices = noticesOf(tested.fallen)
    try {
      await packModel(device, made, checkpoint, await options.pack?.(), {
        ...(signal && { signal }),
        onProgress: (done) => report('keep', done),
      })
    } catch (error) {
      if (!(error instanceof HadalError) || error.code !== 'storage_full') throw error
      notices.push(`The model is not kept. ${error.message}`) // which is no reason to fetch it once more
    }
    report('compile')
    const runtime = tested.fallen.length === 0 ? made.runtime : await remade(sound, pipelines, made)
    const compiled = await runtime.compile()
    throwIfAborted(signal)
    report('ready')
    return new Engine(sound, runtime, {
      checkpoint,
      tokenizer,
      chat,
      quantize: made.quantize,
      memory: subject.memory,
      compiled,
      notes: { variants: variantNotes(sound, tuned, tested.fallen), notices },
    })
  } catch (error) {
    failed.abort()
    opened.destroy()
    throw error
  }
}

/** A runtime with other variants in place of the one that was allocated. */
async function remade(device: Device, pipelines: PipelineCache, { runtime }: Allocated): Promise<Runtime> {
  const { spec, tensors, options } = runtime
  runtime.destroy()
  return device.arena.guard('this model', async () => new Runtime(device, pipelines, spec, tensors, options))
}

/** Which form of the KV cache; default: the model's own. */
export interface CacheOption {
  readonly cache?: CacheKind | undefined
}

/** What an engine lends. */
export interface Borrowed {
  readonly runtime: Runtime
  readonly chat: Chat
  /** What the GPU may give. */
  readonly memory: MemoryRange
  /** What loading compiled. */
  readonly compiled: Compiled
  readonly release: () => void
}

/** A loaded model. One answer at a time: a second `generate` before the first has ended is refused. */
export class Engine {
  readonly info: ModelInfo
  readonly device: Device
  readonly tokenizer: TextTokenizer
  /** Resolves when the GPU device is gone for good. */
  readonly lost: Promise<HadalError>
  readonly #runtimes: Runtimes
  readonly #chat: Chat
  readonly #defaults: SamplingOptions
  readonly #eos: ReadonlySet<number>
  readonly #session: Session
  readonly #memory: MemoryRange
  readonly #compiled: Compiled
  #busy = false

  constructor(
    device: Device,
    runtime: Runtime,
    parts: {
      checkpoint: Checkpoint
      tokenizer: TextTokenizer
      chat: Chat
      quantize: QuantizeChoice
      memory: MemoryRange
      compiled: Compiled
      notes: Pick<ModelInfo, 'variants' | 'notices'>
    },
  ) {
    this.device = device
    this.lost = device.lost
    this.tokenizer = parts.tokenizer
    this.#runtimes = new Runtimes(runtime)
    this.#memory = parts.memory
    this.#compiled = parts.compiled
    this.#chat = parts.chat
    this.#defaults = modelDefaults(parts.checkpoint.generationConfig)
    this.#eos = new Set([...runtime.spec.eos, ...eosOf(parts.checkpoint.generationConfig)])
    this.#session = new Session(runtime.cache)
    const { thinking } = parts.chat
    this.info = modelInfo(runtime, parts.checkpoint, device.adapter, {
      thinking,
      quantize: parts.quantize,
      ...parts.notes,
    })
  }

  /** Bytes of live GPU buffers by purpose, with their `total`. */
  gpuBytes(): GpuBytes {
    return this.device.arena.bytes()
  }

  /**
   * A conversation of its own. Sessions of the same form share a KV cache; `fork()` one to answer the same question twice, `close()` it to
   * free its pages. The first session of another form than the model's own makes that cache and its programs.
   * Throws `bad_request` for a form that the model does not have or, where one has to be made, during an answer; `unsupported`, `out_of_memory`.
   */
  async openSession({ cache }: CacheOption = {}): Promise<Session> {
    const release = this.#runtimes.has(cache) ? undefined : this.#acquire()
    const runtime = await this.#runtimes.open(cache).finally(release)
    return new Session(runtime.cache)
  }

  /** Frees a KV cache that `openSession` or `logits` made. Throws `bad_request` while a session has pages there, and during an answer. */
  async closeCache(cache: CacheKind): Promise<void> {
    const release = this.#acquire()
    return this.#runtimes.close(cache).finally(release)
  }

  /**
   * Answers a request, in the engine's own session or another. Ending the iteration early, or the signal, stops it; an abort ends with
   * `finishReason: 'abort'`.
   */
  async *generate(
    request: GenerateRequest,
    signal?: AbortSignal,
    session = this.#session,
  ): AsyncGenerator<GenerateEvent> {
    const model = { tokenizer: this.tokenizer, chat: this.#chat, defaults: this.#defaults, eos: this.#eos }
    const runtime = this.#runtimes.of(session)
    const task = taskOf(request, runtime, model)
    const release = this.#acquire()
    try {
      const { state, spec } = runtime
      writeSamplingState(this.device, state, task.sampling, task.prompt, spec.vocab)
      yield* generate(runtime, session, this.tokenizer, task, signal)
    } finally {
      release()
    }
  }

  /**
   * Logits after every id, [ids, vocab], from an empty cache: the whole prompt as one step, in chunks of prefill, or token by token
   * through the decode program.
   */
  async logits(
    ids: readonly number[],
    mode: LogitsMode = 'whole',
    { cache }: CacheOption = {},
  ): Promise<Float32Array> {
    const release = this.#acquire()
    return this.#runtimes
      .open(cache)
      .then((runtime) => logitsOf(runtime, ids, mode))
      .finally(release)
  }

  /**
   * Milliseconds by kernel of one decode step after `context` tokens, whose content does not matter. Throws `unsupported` without
   * the timestamp-query feature.
   */
  async profile(context: number): Promise<KernelTime[]> {
    const release = this.#acquire()
    return profileStep(this.device, this.#runtimes.own, context).finally(release)
  }

  /** Lends what answers are made with, for measuring: until `release`, requests are refused. Throws `bad_request` while one is answered. */
  borrow(): Borrowed {
    const release = this.#acquire()
    const compiled = this.#compiled
    return { runtime: this.#runtimes.own, chat: this.#chat, memory: this.#memory, compiled, release }
  }

  /** Frees everything on the GPU. */
  destroy(): void {
    this.device.destroy()
  }

  /** Programs and state are the engine's own, so that one caller at a time may use them. Returns how to let go. */
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
