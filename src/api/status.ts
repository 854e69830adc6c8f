// What becomes of a loaded model, as applications are told.
import type { HadalError } from '../lib/error.ts'
import { deserializeError, type LoadProgress, type StatusMessage } from '../worker/protocol.ts'

/**
 * What becomes of a loaded model. `recovering`: its GPU device or its worker was lost; it is loaded again,
 * and answers go on after that. `lost`: that failed.
 */
export type ModelStatus =
  | { readonly state: 'ready' }
  | { readonly state: 'recovering'; readonly reason: HadalError; readonly progress?: LoadProgress }
  | { readonly state: 'lost'; readonly reason: HadalError }

/** Reports a worker's status to the application. */
export const statusReporter =
  (onStatus: (status: ModelStatus) => void) =>
  (status: StatusMessage): void =>
    onStatus('reason' in status ? { ...status, reason: deserializeError(status.reason) } : status)
