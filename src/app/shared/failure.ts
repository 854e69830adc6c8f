// An error as the pages show it, and the conversion of anything thrown into one.
import { HadalError } from '../../lib/error.ts'

/** What happened, where, and what the user can do. */
export interface Failure {
  readonly code: string
  readonly message: string
  readonly hint: string
  readonly file?: string | undefined
  readonly tensor?: string | undefined
}

/** Any other error than a `HadalError` becomes `internal`. */
export function failureOf(error: unknown): Failure {
  if (error instanceof HadalError) return error
  return {
    code: 'internal',
    message: String(error),
    hint: 'Reload the page. If it happens again, please report it.',
  }
}
