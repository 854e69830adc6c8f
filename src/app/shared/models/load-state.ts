// State of loading a model, and the texts of its phases.
import type { LoadedModel, LoadOptions, LoadProgress, ModelSource } from '../../../index.ts'
import { strings } from '../../strings/strings.ts'
import type { Failure } from '../failure.ts'
import { isQuantizedCopy } from './quantized-copy.ts'

/** A model to open, and how. */
export interface ModelChoice {
  readonly name: string
  readonly source: ModelSource
  readonly description: string
  /** Ships with the page: the service worker caches it, and the page knows what to ask it. */
  readonly bundled: boolean
  readonly options: Pick<LoadOptions, 'quantize' | 'contextLength' | 'cache' | 'token' | 'keep'>
}

export type LoadState =
  | { readonly phase: 'starting' }
  | { readonly phase: 'no-webgpu'; readonly missing: MissingWebGpu }
  | { readonly phase: 'loading'; readonly choice: ModelChoice; readonly progress: LoadProgress | undefined }
  | { readonly phase: 'ready'; readonly choice: ModelChoice; readonly model: LoadedModel }
  | { readonly phase: 'failed'; readonly choice: ModelChoice | undefined; readonly failure: Failure }

/** Why WebGPU is missing: the page is not secure, the browser lacks it, or the browser found no GPU. */
export type MissingWebGpu = 'secure' | 'browser' | 'adapter'

/** The model that is loading, loaded or failed to load; undefined if there is none. */
export function currentChoice(state: LoadState): ModelChoice | undefined {
  return state.phase === 'starting' || state.phase === 'no-webgpu' ? undefined : state.choice
}

/** Why WebGPU cannot be used; undefined if it can. */
export async function missingWebGpu(): Promise<MissingWebGpu | undefined> {
  if (!isSecureContext) return 'secure'
  if (!navigator.gpu) return 'browser'
  const adapter = await navigator.gpu.requestAdapter().catch(() => null)
  return adapter ? undefined : 'adapter'
}

/** Whether a stored model, or the bundled one if undefined, is loaded. */
export function isLoaded(state: LoadState, storedAs: string | undefined): boolean {
  if (state.phase !== 'ready') return false
  const { choice } = state
  if (storedAs === undefined) return choice.bundled
  if (choice.source === storedAs) return true
  return choice.options.keep === 'packed' && isQuantizedCopy(storedAs, choice.source)
}

/** The text shown for a phase of loading. */
export function phaseText({
  phase,
  file,
  bytes,
  totalBytes,
  kernels,
  totalKernels,
}: Pick<LoadProgress, 'phase' | 'file' | 'bytes' | 'totalBytes' | 'kernels' | 'totalKernels'>): string {
  const texts = strings.value.models.load
  if ((phase === 'upload' || phase === 'convert') && bytes === totalBytes && kernels < totalKernels)
    return texts.checking(kernels, totalKernels)
  return texts.phases[phase](file)
}
