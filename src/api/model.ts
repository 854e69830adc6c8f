// Wraps a loaded engine, in a worker or in this thread, as the model that applications use.
import { untilAborted } from '../lib/abort.ts'
import { definedFields } from '../lib/check.ts'
import { HadalError } from '../lib/error.ts'
import { once } from '../lib/once.ts'
import {
  type BenchEvent,
  type BenchSettings,
  deserializeError,
  type EmbedResult,
  type GenerateEvent,
  type GpuBytes,
  type ModelInfo,
  type PromptRequest,
  type RemoteEngine,
} from '../worker/protocol.ts'
import { chatCompletions, type StartGeneration, textCompletions } from './chat.ts'
import { embeddings } from './embeddings.ts'
import type { Model, RequestOptions, TokenizeInput } from './openai-types.ts'
import { receive } from './receiver.ts'
import { checkRequest } from './request.ts'
import { unwrapOutcome, type WorkerHandle } from './worker.ts'

/** A model that runs here. It holds GPU memory, and a worker unless it is `hadal/core`'s, until `unload`. */
export interface LoadedModel extends Model {
  /** Architecture, sizes, limits and the kernel variants in use. */
  readonly info: ModelInfo
  /**
   * Measures each layout of the KV cache on this device: bytes, and milliseconds of prefill and decode steps
   * at each context length. Requests wait meanwhile.
   *
   * Each event carries everything measured so far; the last one has `result.complete`. When the signal fires,
   * the iterable rejects with `aborted`; leaving a `for await` loop ends the benchmark. Either way, the last
   * event keeps what was measured.
   * @param settings missing fields have defaults
   * @throws HadalError `bad_request` (impossible settings), `aborted`, `device_lost`
   */
  benchmark(settings?: Partial<BenchSettings>, options?: RequestOptions): AsyncIterableIterator<BenchEvent>
  /** Bytes of live GPU buffers, by purpose, and their `total`. @throws HadalError `aborted` after `unload` */
  gpuBytes(): Promise<GpuBytes>
}

/** An engine that has loaded a model, in a worker or in this thread. @internal */
export type EngineHandle = Omit<WorkerHandle<RemoteEngine>, 'remote'> & { readonly remote: RemoteEngine }

/** Wraps a loaded engine. @internal */
export function wrapModel(info: ModelInfo, engine: EngineHandle): LoadedModel {
  const { remote, failed, ended } = engine
  const start: StartGeneration = (request, signal) =>
    receive<GenerateEvent>(ended, (port) => remote.generate(request, port), signal)
  const unload = once(async () => {
    if (ended.aborted) return
    await Promise.race([remote.unload(), failed])
    engine.close(
      new HadalError('aborted', 'The model was unloaded.', { hint: 'Load it again with loadModel().' }),
    )
  })
  const call = <T>(work: () => Promise<T>): Promise<T> => {
    ended.throwIfAborted()
    return work()
  }
  const tokenize = async (input: TokenizeInput, { signal }: RequestOptions = {}): Promise<number[]> => {
    const counted = call(() => unwrapOutcome(engine, remote.tokenize(promptRequest(input))))
    return [...(await untilAborted(counted, signal))]
  }
  const created = Math.floor(Date.now() / 1000)
  const entry = { id: info.name, object: 'model' as const, created, owned_by: 'hadal' }
  return {
    id: info.name,
    info,
    chat: { completions: chatCompletions(info.name, start) },
    completions: textCompletions(info.name, start, (ids) =>
      call(() => unwrapOutcome(engine, remote.detokenize(ids))),
    ),
    embeddings: embeddings(info.name, (request, signal) =>
      receive<EmbedResult>(ended, (port) => remote.embed(request, port), signal),
    ),
    models: { list: async () => ({ object: 'list', data: [{ ...entry }] }) },
    tokenize,
    countTokens: async (input, options) => (await tokenize(input, options)).length,
    benchmark: (settings = {}, { signal } = {}) =>
      receive<BenchEvent>(ended, (port) => remote.bench(settings, port), signal),
    gpuBytes: async () => call(() => unwrapOutcome(engine, remote.gpuBytes())),
    unload,
    [Symbol.asyncDispose ?? 'asyncDispose']: unload, // Safari lacks the symbol
    lost: Promise.race([failed, remote.lost().then(deserializeError)]),
  }
}

/** The prompt of a text, or of a conversation. Throws `bad_request`, naming the field. */
function promptRequest(input: TokenizeInput): PromptRequest {
  if (typeof input === 'string') return { input: { prompt: input } }
  const [{ input: prompt, thinking, tools, toolChoice, continueFinal }] = checkRequest(input).requests
  const options = { thinking, tools, toolChoice, continueFinal }
  return { input: prompt, ...definedFields<Omit<PromptRequest, 'input'>>(options) }
}
