// Messages between page and worker: calls go through Comlink (`RemoteEngine`), each stream through a
// MessagePort (`StreamCommand`, `StreamMessage`).
import type { BenchSettings } from '../bench/result.ts'
import type { SessionTask } from '../engine/session-types.ts'
import type {
  EmbedRequest,
  GenerateRequest,
  GpuBytes,
  LoadPlan,
  LoadProgress,
  ModelInfo,
  ModelOptions,
  PromptRequest,
} from '../engine/types.ts'
import { asHadalError, type ErrorCode, HadalError, unforeseenStack } from '../lib/error.ts'
import type { StoredModel } from '../store/stored-model.ts'

export type {
  BenchCache,
  BenchEnvironment,
  BenchEvent,
  BenchModel,
  BenchProgress,
  BenchResult,
  BenchRow,
  BenchSettings,
  BenchTiming,
  CacheCheck,
  CacheKind,
} from '../bench/result.ts'
export { choicesOf } from '../engine/choice-types.ts'
export { resumedRequest, withSeed } from '../engine/resumed-request.ts'
export type { SessionResult, SessionTask } from '../engine/session-types.ts'
export type {
  AnswerFormat,
  ChatMessage,
  ChatToolCall,
  EmbedRequest,
  EmbedResult,
  FinishReason,
  GenerateDelta,
  GenerateDone,
  GenerateEvent,
  GenerateRequest,
  GpuBytes,
  KvUsage,
  LoadPlan,
  LoadProgress,
  ModelInfo,
  ModelOptions,
  NumericOption,
  PhaseProgress,
  PromptRequest,
  QuantizeOption,
  SamplingOptions,
  TokenLogprob,
  ToolCall,
  ToolChoice,
  ToolDefinition,
} from '../engine/types.ts'
export {
  ANSWER_OPTIONS,
  CHOICES_AT_ONCE,
  KV_CACHE_DTYPES,
  MAX_ALTERNATIVES,
  MAX_LOGIT_BIAS,
  mapOptions,
  QUANTIZATIONS,
  quantizationLabel,
  SAMPLING_OPTIONS,
  SPECULATIVE,
} from '../engine/types.ts'
export type { StoredModel } from '../store/stored-model.ts'

/** Where a model is: the absolute address of its folder, its name on the Hub, or the files of its folder. */
export type ResolvedModelSource =
  | { readonly url: string }
  | { readonly hub: string; readonly token?: string; readonly endpoint?: string }
  | { readonly files: readonly File[] }

/** The key of a model in the store; undefined for the user's own files, which are never copied. */
export function storeKey(source: ResolvedModelSource): string | undefined {
  if ('files' in source) return undefined
  return 'hub' in source ? source.hub : source.url
}

/** A checked load or plan request, as it is sent to the worker. */
export interface WorkerLoadRequest extends ModelOptions {
  readonly modelSource: ResolvedModelSource
  /** What this browser is to store; missing = nothing. What is already stored is used in any case. */
  readonly keep?: 'files' | 'packed'
  /** The formats of the weights when it was loaded before, which the next load repeats. */
  readonly loadedAs?: ModelInfo['quantize']
  /** Requests that may wait while one runs; more are refused. */
  readonly maxQueue?: number
}

/** What becomes of a loaded model; the status of the model, with errors as data. */
export type StatusMessage =
  | { readonly state: 'recovering'; readonly reason: SerializedError; readonly progress?: LoadProgress }
  | { readonly state: 'ready' }
  | { readonly state: 'lost'; readonly reason: SerializedError }

/** Names stored models: one by its key, or every form of what a source was resolved to. */
export interface StoredSelection {
  /** `StoredModel.key`. */
  readonly key: string
  /** The key of the unquantized form, which those of the others begin with. */
  readonly source?: string
}

/** The worker's calls for stored models. */
export interface RemoteStore {
  /** Stores the files of a model without loading it; `keep` and how it is loaded are not read. */
  downloadModel(
    request: WorkerLoadRequest,
    onProgress: (progress: LoadProgress) => void,
  ): Promise<Outcome<void>>
  storedModels(): Promise<Outcome<readonly StoredModel[]>>
  removeStored(selection: StoredSelection): Promise<Outcome<void>>
  /** Exports into the folder; without one, `onFile` receives each file, and the next one follows. */
  exportStored(
    selection: StoredSelection,
    folder: FileSystemDirectoryHandle | undefined,
    onProgress: (progress: LoadProgress) => void,
    onFile: (name: string, content: Blob) => void,
  ): Promise<Outcome<void>>
  /** Ends a download, whose bytes stay, or an export, whose files are deleted. */
  cancelStoreTask(): Promise<void>
}

/**
 * The worker's calls for one model. Failures are values, because Comlink would strip an error of its code and
 * hint.
 */
export interface RemoteEngine {
  /** @param onStatus called when the GPU device is lost, and when the model is there again or given up */
  load(
    request: WorkerLoadRequest,
    onProgress: (progress: LoadProgress) => void,
    onStatus?: (status: StatusMessage) => void,
  ): Promise<Outcome<ModelInfo>>
  /** Plans a load; reads no weights. */
  plan(request: WorkerLoadRequest): Promise<Outcome<LoadPlan>>
  /** Generates on a port that is transferred to the worker; see `StreamCommand` and `StreamMessage`. */
  generate(request: GenerateRequest, port: MessagePort): Promise<void>
  /** Embeds; the port brings one `EmbedResult` for each input, in order. */
  embed(request: EmbedRequest, port: MessagePort): Promise<void>
  /** Works for a session; the port brings one `SessionResult`. */
  session(task: SessionTask, port: MessagePort): Promise<void>
  /** Runs the KV-cache benchmark; its events come on the port likewise. */
  bench(settings: Partial<BenchSettings>, port: MessagePort): Promise<void>
  /** The token ids of a prompt. */
  tokenize(request: PromptRequest): Promise<Outcome<readonly number[]>>
  /** The text of token ids, without control tokens. */
  detokenize(ids: readonly number[]): Promise<Outcome<string>>
  gpuBytes(): Promise<Outcome<GpuBytes>>
  /** Settles when the model is lost and cannot be loaded again. */
  lost(): Promise<SerializedError>
  /** Frees the model, and stops a load or a plan. */
  unload(): Promise<void>
}

/** The worker's call for a page that watches it. */
export interface RemoteLife {
  /** Holds a lock of this name as long as the worker lives. Resolves when it does. */
  holdLock(name: string): Promise<void>
}

/** From the page: a cancellation. */
export type StreamCommand = { readonly type: 'abort' }

/** From the worker: events in order, then exactly one `end` or `error`. */
export type StreamMessage<T> =
  | { readonly type: 'event'; readonly event: T }
  | { readonly type: 'end' }
  | { readonly type: 'error'; readonly error: SerializedError }

/** The value of a call, or its error. */
export type Outcome<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly error: SerializedError }

/** A `HadalError` as plain data. */
export interface SerializedError {
  readonly code: ErrorCode
  readonly message: string
  readonly hint: string
  readonly file?: string
  readonly tensor?: string
  /** Stack trace of an unexpected error, for a bug report. */
  readonly stack?: string
}

/** Any thrown value as plain data; any other than a `HadalError` becomes `internal`, with its stack. */
export function serializeError(error: unknown): SerializedError {
  const { code, message, hint, file, tensor } = asHadalError(error)
  const stack = unforeseenStack(error)
  return { code, message, hint, ...(file && { file }), ...(tensor && { tensor }), ...(stack && { stack }) }
}

/** The error again, on the page's side. */
export function deserializeError({ code, message, hint, file, tensor, stack }: SerializedError): HadalError {
  return new HadalError(code, message, {
    hint,
    ...(file && { file }),
    ...(tensor && { tensor }),
    ...(stack && { cause: stack }),
  })
}
