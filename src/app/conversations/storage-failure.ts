// Says why conversations are not kept.
import { HadalError } from '../../lib/error.ts'

/** The error for what IndexedDB threw: `storage_full`, or `unsupported` where the browser blocks it. */
export function asStorageFailure(error: unknown): HadalError {
  if (error instanceof DOMException && error.name === 'QuotaExceededError')
    return new HadalError('storage_full', 'This device has no space left for your conversations.', {
      hint: 'Delete stored models or other files. What is on the screen is saved with the next message.',
    })
  return new HadalError('unsupported', `This browser does not keep your conversations: ${String(error)}`, {
    hint: 'They last as long as this tab. Export what you need, or allow this site to store data.',
  })
}
