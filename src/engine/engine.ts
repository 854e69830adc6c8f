// Answers: how is a model opened, and what can it do? The engine on a GPU device, for the worker, the command line and `hadal/core`.
// It must not know pages, workers or where files lie.
import sources from 'virtual:shaders'
import { type Device, type DeviceOptions, openDevice } from '../gpu/device.ts'
import { PipelineCache } from '../gpu/kernel.ts'
import type { KernelTime } from '../gpu/profiler.ts'
import { HadalError, throwIfAborted } from '../lib/error.ts'
import { describeModel } from '../models/describe.ts'
import { checkAttention } from '../models/latent.ts'
import type { ModelSpec } from '../models/spec.ts'
import type { Chat } from '../text/chat.ts'
import type { TextTokenizer } from '../text/tokenizer.ts'
import { type Checkpoint, openCheckpoint } from '../weights/checkpoint.ts'
import { createMeter } from '../weights/progress.ts'
import type { Source } from '../weights/source.ts'
import { generate } from './generate.ts'
import { modelInfo } from './info.ts'
import { type LogitsMode, logitsOf } from './logits.ts'
import { planModel } from './plan.ts'
import { allocateModel, fillModel } from './prepare.ts'
import { profileStep } from './profile.ts'
import { taskOf } from './request.ts'
import { Runtime } from './runtime.ts'
import { eosOf, modelDefaults, writeSamplingState } from './sampling.ts'
import { Session } from './session.ts'
import { openText } from './text.ts'
import type {
  GenerateEvent,
  GenerateRequest,
  GpuBytes,
  LoadProgress,
  ModelInfo,
  SamplingOptions,
} from './types.ts'

export interface EngineOptions {
  /** Tokens of prompt and answer together; default: what the model was made for. */
  readonly contextLength?: number
  /** How the KV cache is stored; default f16. */
  readonly cache?: 'f16' | 'f32'
  /**
   * How prefill holds the factors of its products; default f32. f16 halves a tile's memory where there is shader-f16, at a relative
   * error of the logits of about 1e-3.
   */
  readonly products?: 'f32' | 'f16'
  /** Most prompt tokens of one prefill step; default 256. */
  readonly chunk?: number
  /** Where WebGPU comes from; default: `navigator.gpu`. */
  readonly gpu?: GPU
  readonly device?: DeviceOptions
  readonly onProgress?: (progress: LoadProgress) => void
  readonly signal?: AbortSignal
}

const DEFAULT_CHUNK = 256

/**
 * Opens the model in `source`: reads config and headers, uploads the weights, compiles every pipeline.
 * Throws a `HadalError` naming file and tensor; nothing stays on the GPU then.
 */
export async function loadEngine(source: Source, options: EngineOptions = {}): Promise<Engine> {
  const { signal } = options
  const device = await openDevice(options.gpu ?? globalThis.navigator?.gpu, options.device)
  try {
    const report = progressReporter(options.onProgress)
    report('list')
    const checkpoint = await openCheckpoint(source, signal)
    const spec = describeModel(checkpoint.config)
    checkAttention(spec.attention)
    report('tokenizer')
    const { tokenizer, chat } = await openText(source, spec.vocab, signal)
    return await device.arena.guard('this model', async () => {
      const runtime = await prepareRuntime(device, spec, checkpoint, options, report)
      throwIfAborted(signal)
      report('ready')
      return new Engine(device, runtime, { checkpoint, tokenizer, chat })
    })
  } catch (error) {
    device.destroy()
    throw error
  }
}

type Report = (phase: LoadProgress['phase'], file?: string, bytes?: number, totalBytes?: number) => void

async function prepareRuntime(
  device: Device,
  spec: ModelSpec,
  checkpoint: Checkpoint,
  options: EngineOptions,
  report: Report,
): Promise<Runtime> {
  const plan = planModel(spec, checkpoint, device.capabilities)
  report('weights')
  const model = allocateModel(device, plan)
  await fillModel(device, model, checkpoint, {
    ...(options.signal ? { signal: options.signal } : {}),
    onProgress: ({ file, bytes, totalBytes }) => report('weights', file, bytes, totalBytes),
  })
  report('compile')
  const contextLength = Math.min(options.contextLength ?? spec.maxPosition, spec.maxPosition)
  if (!Number.isInteger(contextLength) || contextLength < 1) {
    throw new HadalError('bad_request', 'contextLength must be a whole number of at least 1.')
  }
  const chunk = Math.min(options.chunk ?? DEFAULT_CHUNK, contextLength)
  const pipelines = new PipelineCache(device, sources)
  return Runtime.prepare(device, pipelines, spec, model.tensors, {
    contextLength,
    chunk,
    cache: options.cache ?? 'f16',
    products: options.products ?? 'f32',
  })
}

function progressReporter(onProgress: EngineOptions['onProgress']): Report {
  let meter: ReturnType<typeof createMeter> | undefined
  let total = 0
  let done = 0
  return (phase, file = '', bytes = done, totalBytes = total) => {
    if (totalBytes !== total) meter = createMeter(totalBytes)
    total = totalBytes
    done = bytes
    const pace = meter?.(bytes) ?? { bytesPerSecond: 0, secondsLeft: Number.NaN }
    onProgress?.({ phase, bytes, totalBytes, ...pace, file })
  }
}

/** A loaded model. One answer at a time: a second `generate` before the first has ended is refused. */
export class Engine {
  readonly info: ModelInfo
  readonly device: Device
  readonly tokenizer: TextTokenizer
  /** Resolves when the GPU device is gone for good. */
  readonly lost: Promise<HadalError>
  readonly #runtime: Runtime
  readonly #chat: Chat
  readonly #defaults: SamplingOptions
  readonly #eos: ReadonlySet<number>
  readonly #session: Session
  #busy = false

  constructor(
    device: Device,
    runtime: Runtime,
    parts: { checkpoint: Checkpoint; tokenizer: TextTokenizer; chat: Chat },
  ) {
    this.device = device
    this.lost = device.lost
    this.tokenizer = parts.tokenizer
    this.#runtime = runtime
    this.#chat = parts.chat
    this.#defaults = modelDefaults(parts.checkpoint.generationConfig)
    this.#eos = new Set([...runtime.spec.eos, ...eosOf(parts.checkpoint.generationConfig)])
    this.#session = new Session(runtime.cache)
    this.info = modelInfo(runtime, parts.checkpoint, device.adapter, parts.chat.thinking)
  }

  /** Bytes of live GPU buffers by purpose, with their `total`. */
  gpuBytes(): GpuBytes {
    return this.device.arena.bytes()
  }

  /** A conversation of its own. Sessions share the KV cache; `fork()` one to answer the same question twice, `close()` it to free its pages. */
  openSession(): Session {
    return new Session(this.#runtime.cache)
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
    const task = taskOf(request, this.#runtime, model)
    const release = this.#acquire()
    try {
      const { state, spec } = this.#runtime
      writeSamplingState(this.device, state, task.sampling, task.prompt, spec.vocab)
      yield* generate(this.#runtime, session, this.tokenizer, task, signal)
    } finally {
      release()
    }
  }

  /**
   * Logits after every id, [ids, vocab], from an empty cache: the whole prompt as one step, in chunks of prefill, or token by token
   * through the decode program.
   */
  async logits(ids: readonly number[], mode: LogitsMode = 'whole'): Promise<Float32Array> {
    const release = this.#acquire()
    return logitsOf(this.#runtime, ids, mode).finally(release)
  }

  /**
   * Milliseconds by kernel of one decode step after `context` tokens, whose content does not matter. Throws `unsupported` without
   * the timestamp-query feature.
   */
  async profile(context: number): Promise<KernelTime[]> {
    const release = this.#acquire()
    return profileStep(this.device, this.#runtime, context).finally(release)
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
