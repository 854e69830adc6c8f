// The error for a model that is not stored.
import { HadalError } from '../lib/error.ts'

/** The error for a model that is not stored. */
export function notStored(key: string): HadalError {
  return new HadalError('not_found', `${key} is not stored here.`, { hint: 'Download it first.' })
}
