// Answers: how far is the page on its way to a model? It must not know how a model is loaded.
import type { LoadProgress, Model } from '../../index.ts'
import type { CatalogueEntry } from './catalogue.ts'
import type { Failure } from './chat.ts'

export type LoadState =
  | { readonly phase: 'starting' }
  | { readonly phase: 'no-webgpu'; readonly missing: MissingWebGpu }
  | { readonly phase: 'loading'; readonly entry: CatalogueEntry; readonly progress: LoadProgress }
  | { readonly phase: 'ready'; readonly entry: CatalogueEntry; readonly model: Model }
  | { readonly phase: 'failed'; readonly failure: Failure }

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
  const what = file || 'weights'
  const texts: Readonly<Record<LoadProgress['phase'], string>> = {
    list: 'Reading the list of weights',
    tokenizer: 'Reading the vocabulary',
    download: `Downloading ${what}`,
    verify: `Checking ${what}`,
    convert: `Reading and quantising ${what}`,
    upload: `Reading ${what}`,
    compile: 'Compiling shaders for your GPU',
    ready: 'Ready',
  }
  return texts[phase]
}

/** The part of the bytes that has arrived, 0 to 1. */
export function fractionOf({ bytes, totalBytes }: LoadProgress): number {
  return totalBytes > 0 ? Math.min(1, bytes / totalBytes) : 0
}
