// An error as the pages show it: a `HadalError`, or one that came from a worker as plain data.

import { asHadalError } from '../../lib/error.ts'

/** What happened, where, and what the user can do. */
export interface Failure {
  readonly code: string
  readonly message: string
  readonly hint: string
  readonly file?: string | undefined
  readonly tensor?: string | undefined
}

/** A thrown value as plain data, which can be stored. */
export function asFailure(error: unknown): Failure {
  const { code, message, hint, file, tensor } = asHadalError(error)
  return { code, message, hint, ...(file && { file }), ...(tensor && { tensor }) }
}
