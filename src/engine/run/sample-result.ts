// Decodes the 256-byte sampling result that shaders/sample writes.
import { MAX_ALTERNATIVES, type RoutedExperts } from '../types.ts'

export interface SampleResult {
  readonly id: number
  readonly logprob: number
  readonly top: readonly { readonly id: number; readonly logprob: number }[]
  readonly experts?: RoutedExperts | undefined // of this token, if they are traced
}

/** 32-bit words: id, draw, log-probability of the id, n, then n pairs (id, log-probability). */
export function decodeSampleResult(bytes: ArrayBuffer): SampleResult {
  const view = new DataView(bytes)
  const count = Math.min(view.getUint32(12, true), MAX_ALTERNATIVES)
  return {
    id: view.getUint32(0, true),
    logprob: view.getFloat32(8, true),
    top: Array.from({ length: count }, (_, i) => ({
      id: view.getUint32(16 + 8 * i, true),
      logprob: view.getFloat32(20 + 8 * i, true),
    })),
  }
}
