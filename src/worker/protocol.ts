// Answers: what do page and worker say to each other? Control goes through Comlink (`RemoteEngine`), one answer through a
// MessagePort (`StreamUp`, `StreamDown`). It must not know WebGPU, Comlink, or the OpenAI shapes.
import type { BenchSettings } from '../bench/result.ts'
import type {
  GenerateRequest,
  GpuBytes,
  LoadPlan,
  LoadProgress,
  ModelInfo,
  ModelOptions,
} from '../engine/types.ts'
import { type ErrorCode, HadalError } from '../lib/error.ts'
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
  CacheKind,
  Check,
} from '../bench/result.ts'
export type {
  ChatMessage,
  FinishReason,
  GenerateDelta,
  GenerateDone,
  GenerateEvent,
  GenerateRequest,
  GpuBytes,
  KvUse,
  LoadPlan,
  LoadProgress,
  ModelInfo,
  ModelOptions,
  QuantizeOption,
  SamplingOptions,
  TokenLogprob,
} from '../engine/types.ts'
export { MOST_ALTERNATIVES, MOST_BIAS, OWN_CACHES, SAMPLING_NUMBERS } from '../engine/types.ts'
export type { StoredModel } from '../store/stored-model.ts'

/** Where the model is: an absolute address of its folder, its name on the Hub, or the folder's files. */
export type ModelPlace =
  | { readonly url: string }
  | { readonly hub: string; readonly token?: string; readonly endpoint?: string }
  | { readonly files: readonly File[] }

export interface LoadRequest extends ModelOptions {
  readonly place: ModelPlace
  /** What this browser is to keep; missing = nothing. What it keeps already is used in any case. */
  readonly keep?: 'files' | 'packed'
}

/** What the worker offers for the models that this browser keeps. */
export interface RemoteStore {
  storedModels(): Promise<Outcome<readonly StoredModel[]>>
  removeStored(place: string): Promise<Outcome<void>>
  exportStored(
    place: string,
    folder: FileSystemDirectoryHandle,
    onProgress: (progress: LoadProgress) => void,
  ): Promise<Outcome<void>>
  cancelExport(): void
}

/** What the worker offers. Failures are values, because Comlink would strip an error of its code and hint. */
export interface RemoteEngine {
  load(request: LoadRequest, onProgress: (progress: LoadProgress) => void): Promise<Outcome<ModelInfo>>
  /** What a load would take; reads no weight. */
  plan(request: LoadRequest): Promise<Outcome<LoadPlan>>
  /** Cancels `load` and `plan`. */
  cancelLoad(): void
  /** Answers on the port, which becomes the worker's; see `StreamUp` and `StreamDown`. */
  generate(request: GenerateRequest, port: MessagePort): void
  /** Runs the KV-cache benchmark; its events come on the port in the same way. */
  bench(settings: Partial<BenchSettings>, port: MessagePort): void
  gpuBytes(): Outcome<GpuBytes>
  /** Settles when the GPU device is gone for good. */
  lost(): Promise<PlainError>
  unload(): void
}

/** From the page: how many more events it can take, or that it wants no more. */
export type StreamUp = { readonly type: 'credits'; readonly count: number } | { readonly type: 'abort' }

/** From the worker: events in order, then exactly one `end` or `error`. */
export type StreamDown<T> =
  | { readonly type: 'event'; readonly event: T }
  | { readonly type: 'end' }
  | { readonly type: 'error'; readonly error: PlainError }

export type Outcome<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly error: PlainError }

/** A `HadalError` as plain data. */
export interface PlainError {
  readonly code: ErrorCode
  readonly message: string
  readonly hint: string
  readonly file?: string
  readonly tensor?: string
  /** Where an unforeseen error was thrown, for a bug report. */
  readonly stack?: string
}

/** Any thrown value as plain data; what is not a `HadalError` was not foreseen and becomes `internal`. */
export function toPlain(error: unknown): PlainError {
  if (error instanceof HadalError) {
    const { code, message, hint, file, tensor } = error
    return { code, message, hint, ...(file && { file }), ...(tensor && { tensor }) }
  }
  const message = error instanceof Error ? `${error.name}: ${error.message}` : String(error)
  const stack = error instanceof Error ? error.stack : undefined
  return {
    code: 'internal',
    message,
    hint: 'This is a bug in Hadal: please report it.',
    ...(stack && { stack }),
  }
}

/** The error again, on the other side. */
export function fromPlain({ code, message, hint, file, tensor, stack }: PlainError): HadalError {
  return new HadalError(code, message, {
    hint,
    ...(file && { file }),
    ...(tensor && { tensor }),
    ...(stack && { cause: stack }),
  })
}
