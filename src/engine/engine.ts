// A loaded model: answers requests, opens sessions, measures.
import type { Device } from '../gpu/device.ts'
import type { KernelTime } from '../gpu/profiler.ts'
import { HadalError } from '../lib/error.ts'
import type { MemoryRange } from '../lib/memory-range.ts'
import type { CacheKind } from '../models/cache-layout.ts'
import type { ChatEncoder } from '../text/chat.ts'
import { openDecoder } from '../text/decoder.ts'
import type { TextTokenizer } from '../text/tokenizer.ts'
import type { ReadableCheckpoint } from './load/integer-readers.ts'
import type { LaterChecks } from './load/later-checks.ts'
import type { ModelText } from './load/text.ts'
import { modelInfo } from './model-info.ts'
import type { EmbeddingContext } from './run/embedding-format.ts'
import { generate } from './run/generate.ts'
import { refuseHeadless } from './run/headless.ts'
import type { LogitsMode } from './run/logits.ts'
import type { ExpertTrace } from './run/own-programs.ts'
import { OWN_ROOM, PrefixCache } from './run/prefix-cache.ts'
import { promptOf, type RequestContext, resolveRequest } from './run/request.ts'
import type { Runtime } from './run/runtime.ts'
import { Runtimes } from './run/runtimes.ts'
import { eosTokenIds, samplingDefaults } from './run/sampling.ts'
import { Session } from './run/session.ts'
import { checkTokenIds } from './run/token-ids.ts'
import type { CompileStats } from './run/warm-up.ts'
import type { SessionResult, SessionTask } from './session-types.ts'
import type {
  EmbedRequest,
  EmbedResult,
  GenerateEvent,
  GenerateRequest,
  GpuBytes,
  ModelInfo,
  PromptRequest,
  QuantizeChoice,
  SamplingOptions,
} from './types.ts'

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
  readonly #embedding: EmbeddingContext
  readonly #prefixes: PrefixCache
  readonly #memory: MemoryRange
  readonly #compiled: CompileStats
  readonly #checks: () => Promise<LaterChecks>
  #busy = false

  constructor(
    device: Device,
    runtime: Runtime,
    parts: {
      checkpoint: ReadableCheckpoint
      text: ModelText
      quantize: QuantizeChoice
      memory: MemoryRange
      compiled: CompileStats
      checks: () => Promise<LaterChecks>
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
    this.#embedding = { ...parts.text, format: parts.checkpoint.embedding?.format }
    this.#defaults = samplingDefaults(parts.checkpoint.generationConfig)
    this.#eos = new Set([
      ...runtime.spec.eosTokenIds,
      ...eosTokenIds(parts.checkpoint.generationConfig),
      ...parts.text.eosTokenIds,
    ])
    this.#prefixes = new PrefixCache(runtime.cache, runtime.options.keptPages)
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
   * Answers a request. Without a session of the caller's, it takes what recent requests have left in the
   * cache. Leaving the loop early or aborting the signal stops it; after an abort the last event has
   * `finishReason: 'abort'`.
   */
  async *generate(
    request: GenerateRequest,
    signal?: AbortSignal,
    own?: Session,
  ): AsyncGenerator<GenerateEvent> {
    const model = this.#requestContext
    const runtime = own ? this.#runtimes.of(own) : this.#runtimes.default
    refuseHeadless(runtime.spec)
    const release = this.#acquire() // at once: resolving a request may wait
    let trace: ExpertTrace | false | undefined
    try {
      const task = await resolveRequest(request, runtime, model)
      if (task.logprobs !== undefined) await (await this.#checks()).logprobs()
      if (runtime.options.speculative !== 'off') await (await this.#checks()).drafts()
      trace = task.experts && (await (await import('./run/expert-trace.ts')).openExpertTrace(runtime))
      const context = { tokenizer: this.tokenizer, signal }
      if (own) return yield* generate(runtime, own, task, { ...context, room: OWN_ROOM })
      const session = this.#prefixes.take(task.prompt)
      try {
        yield* generate(runtime, session, task, { ...context, room: this.#prefixes })
      } finally {
        this.#prefixes.put(session)
      }
    } finally {
      if (trace) trace.close()
      release()
    }
  }

  /**
   * Prefills, saves or restores what the cache holds of a conversation.
   * @throws HadalError as `generate`; `bad_file` (a damaged save), `bad_request` (the save of another model)
   */
  async sessionTask(task: SessionTask, signal?: AbortSignal): Promise<SessionResult> {
    const release = this.#acquire()
    try {
      const { runSessionTask } = await import('./run/session-task.ts')
      const context = { prefixes: this.#prefixes, info: this.info, model: this.#requestContext }
      return await runSessionTask({ runtime: this.#runtimes.default, ...context }, task, signal)
    } finally {
      release()
    }
  }

  /** The token ids of a request's prompt. Throws `bad_request`, `unsupported` or `bad_file`. */
  async tokenize(request: PromptRequest): Promise<readonly number[]> {
    return (await promptOf(request, this.tokenizer, this.#chat)).ids
  }

  /** The text of token ids, without control tokens. Throws `bad_request` for ids that are none. */
  detokenize(ids: readonly number[]): string {
    checkTokenIds(ids, this.info.vocab, Number.POSITIVE_INFINITY)
    const decoder = openDecoder(this.tokenizer)
    return ids.map((id) => decoder.push(id)).join('') + decoder.end()
  }

  /**
   * The embeddings of texts or token ids, in their order. Conversations keep what they have in the cache.
   * Rejects with `aborted` when the signal fires.
   * @throws HadalError
   * - `unsupported`: the folder does not say how to pool, or names a way that this version does not have
   * - `bad_file`: the files that say it are malformed
   * - `bad_request`: an input is empty or has an unknown id; impossible `dimensions`
   * - `context_full`: an input is longer than the model embeds; `out_of_memory`
   */
  async *embed(request: EmbedRequest, signal?: AbortSignal): AsyncGenerator<EmbedResult> {
    const release = this.#acquire()
    try {
      // Loaded when wanted: few models embed.
      const { embed } = await import('./run/embed.ts')
      yield* embed(this.#runtimes.default, request, this.#embedding, signal)
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
      .then(async (runtime) => (await import('./run/logits.ts')).computeLogits(runtime, ids, mode))
      .finally(release)
  }

  /**
   * Milliseconds by kernel of one decode step after `context` tokens, whose content does not matter.
   * Throws `unsupported` without the timestamp-query feature.
   */
  async profile(context: number): Promise<KernelTime[]> {
    const release = this.#acquire()
    const measure = async () => {
      const { profileDecodeStep } = await import('./run/profile.ts') // chats are not profiled
      return profileDecodeStep(this.device, this.#runtimes.default, context)
    }
    return measure().finally(release)
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

  get #requestContext(): RequestContext {
    return { tokenizer: this.tokenizer, chat: this.#chat, defaults: this.#defaults, eos: this.#eos }
  }

  async #openRuntime(cache: CacheKind | undefined): Promise<Runtime> {
    if (cache !== undefined && !this.#runtimes.has(cache)) await (await this.#checks()).cache(cache)
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
