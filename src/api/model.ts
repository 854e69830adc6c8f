// Wraps a loaded engine, in a worker or in this thread, as the model that applications use.
import { untilAborted } from '../lib/abort.ts'
import { HadalError } from '../lib/error.ts'
import { once } from '../lib/once.ts'
import {
  type BenchEvent,
  type BenchSettings,
  type EmbedResult,
  type GenerateEvent,
  type GpuBytes,
  type ModelInfo,
  resumedRequest,
  type SessionResult,
  type SessionTask,
  withSeed,
} from '../worker/protocol.ts'
import { chatCompletions, type StartGeneration, textCompletions } from './chat.ts'
import { embeddings } from './embeddings.ts'
import type { EngineLink } from './engine-link.ts'
import type {
  ChatCompletionMessageParam,
  ChatSession,
  Model,
  RequestOptions,
  TokenizeInput,
} from './openai-types.ts'
import { promptRequest } from './prompt-request.ts'
import { openSession } from './session.ts'

/** A model that runs here. It holds GPU memory, and a worker unless it is `hadal/core`'s, until `unload`. */
export interface LoadedModel extends Model {
  /** Architecture, sizes, limits and the kernel variants in use. */
  readonly info: ModelInfo
  /**
   * Opens a session: a conversation that grows by requests and answers.
   * @param messages what it begins with
   * @throws HadalError `bad_request`: a message is wrong
   */
  session(messages?: readonly ChatCompletionMessageParam[]): ChatSession
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

/** Wraps a loaded engine. @internal */
export function wrapModel(info: ModelInfo, link: EngineLink): LoadedModel {
  const start: StartGeneration = (request, signal) => {
    const seeded = withSeed(request)
    return link.stream<GenerateEvent>(
      (remote, port, before) => remote.generate(resumedRequest(seeded, before), port),
      signal,
    )
  }
  const unload = once(() =>
    link.close(
      new HadalError('aborted', 'The model was unloaded.', { hint: 'Load it again with loadModel().' }),
    ),
  )
  const tokenize = async (input: TokenizeInput, { signal }: RequestOptions = {}): Promise<number[]> => {
    const request = promptRequest(input)
    return [
      ...(await untilAborted(
        link.call((remote) => remote.tokenize(request)),
        signal,
      )),
    ]
  }
  const created = Math.floor(Date.now() / 1000)
  const entry = { id: info.name, object: 'model' as const, created, owned_by: 'hadal' }
  const completions = chatCompletions(info.name, start)
  const sessions = {
    completions,
    work: (task: SessionTask, signal?: AbortSignal) =>
      link.stream<SessionResult>((remote, port) => remote.session(task, port), signal),
  }
  return {
    id: info.name,
    info,
    chat: { completions },
    session: (messages = []) => openSession(sessions, { messages }),
    completions: textCompletions(info.name, start, (ids) => link.call((remote) => remote.detokenize(ids))),
    embeddings: embeddings(info.name, (request, signal) =>
      link.stream<EmbedResult>(
        (remote, port, { length }) => remote.embed({ ...request, input: request.input.slice(length) }, port),
        signal,
      ),
    ),
    models: { list: async () => ({ object: 'list', data: [{ ...entry }] }) },
    tokenize,
    countTokens: async (input, options) => (await tokenize(input, options)).length,
    benchmark: (settings = {}, { signal } = {}) =>
      link.stream<BenchEvent>((remote, port, { length }) => {
        if (length > 0) throw interrupted()
        return remote.bench(settings, port)
      }, signal),
    gpuBytes: () => link.call((remote) => remote.gpuBytes()),
    unload,
    [Symbol.asyncDispose ?? 'asyncDispose']: unload, // Safari lacks the symbol
    lost: link.lost,
  }
}

const interrupted = (): HadalError =>
  new HadalError('device_lost', 'The benchmark was interrupted: its worker ended.', {
    hint: 'Start it again.',
  })
