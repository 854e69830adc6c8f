// Answers: how far is the page on its way to a model? It must not know how a model is loaded.
import type { LoadOptions, LoadProgress, Model, Place } from '../../index.ts'
import type { Failure } from './chat.ts'

/** A model as the page offers it. */
export interface Opening {
  readonly name: string
  readonly place: Place
  readonly description: string
  /** It comes with the page: the page itself keeps it, and knows what it can be asked. */
  readonly bundled: boolean
  readonly options: Pick<LoadOptions, 'quantize' | 'contextLength' | 'cache' | 'token' | 'keep'>
}

export type LoadState =
  | { readonly phase: 'starting' }
  | { readonly phase: 'no-webgpu'; readonly missing: MissingWebGpu }
  | { readonly phase: 'loading'; readonly entry: Opening; readonly progress: LoadProgress | undefined }
  | { readonly phase: 'ready'; readonly entry: Opening; readonly model: Model }
  | { readonly phase: 'failed'; readonly entry: Opening | undefined; readonly failure: Failure }

/** Why there is no WebGPU: the page is not from a secure address, the browser lacks it, or the browser found no GPU for it. */
export type MissingWebGpu = 'secure' | 'browser' | 'adapter'

/** What is missing for WebGPU, if anything. */
export async function missingWebGpu(): Promise<MissingWebGpu | undefined> {
  if (!isSecureContext) return 'secure'
  if (!navigator.gpu) return 'browser'
  const adapter = await navigator.gpu.requestAdapter().catch(() => null)
  return adapter ? undefined : 'adapter'
}

/** What a person is told about a phase of loading. */
export function phaseText({ phase, file }: LoadProgress): string {
  const texts = {
    list: 'Reading the list of weights',
    tokenizer: 'Reading the vocabulary',
    wait: 'Waiting for another tab that stores this model',
    download: `Downloading ${file || 'weights'}`,
    verify: `Checking ${file || 'weights'}`,
    convert: `Reading and quantising ${file || 'weights'}`,
    upload: `Reading ${file || 'weights'}`,
    keep: `Keeping ${file || 'weights'} in this browser`,
    compile: 'Compiling shaders for your GPU',
    ready: 'Ready',
  }
  return texts[phase]
}

/** The part of the bytes that has arrived, 0 to 1. */
export function fractionOf(progress: LoadProgress | undefined): number {
  const { bytes, totalBytes } = progress ?? { bytes: 0, totalBytes: 0 }
  return totalBytes > 0 ? Math.min(1, bytes / totalBytes) : 0
}
