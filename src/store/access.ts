// Opens files of the origin private file system for synchronous access. Only workers may do this.
import { HadalError } from '../lib/error.ts'

/** A file open for synchronous reading and writing; TypeScript's DOM types lack it outside of workers. */
export interface SyncAccessHandle {
  /** Fills `into` from byte `at` on; returns how many bytes were read. */
  read(into: Uint8Array<ArrayBuffer>, options: { at: number }): number
  /** Writes `bytes` at byte `at`; returns how many bytes were written. */
  write(bytes: Uint8Array, options: { at: number }): number
  truncate(bytes: number): void
  getSize(): number
  flush(): void
  close(): void
}

interface SyncFileHandle {
  createSyncAccessHandle(options?: { mode: 'readwrite' | 'read-only' }): Promise<SyncAccessHandle>
}

const RETRY_DELAY_MS = 50

/**
 * Opens a file of the origin private file system. In 'read-only' mode several tabs can have it open; browsers
 * that do not know the mode allow only one. Retries up to `attempts` times, because a killed tab may hold its
 * files for a moment.
 * Errors: `bad_request` when another tab keeps it open; `unsupported` outside of a worker.
 */
export async function openAccessHandle(
  file: FileSystemFileHandle,
  mode: 'readwrite' | 'read-only',
  attempts = 20,
): Promise<SyncAccessHandle> {
  if (!('createSyncAccessHandle' in file)) {
    throw new HadalError('unsupported', 'Stored files can only be opened in a worker of a current browser.', {
      hint: 'Update the browser, or load the model without storing it.',
    })
  }
  for (let attempt = 1; ; attempt++) {
    try {
      return await (file as unknown as SyncFileHandle).createSyncAccessHandle({ mode })
    } catch (cause) {
      if (!isDomException(cause, 'NoModificationAllowedError')) throw cause
      if (attempt === attempts) {
        throw new HadalError('bad_request', 'Another tab uses this stored model.', {
          hint: 'Close the model in the other tab and try again.',
          cause,
        })
      }
    }
    await new Promise((done) => setTimeout(done, RETRY_DELAY_MS))
  }
}

/** Whether an error is a DOMException of this name. */
export function isDomException(error: unknown, name: string): boolean {
  return error instanceof DOMException && error.name === name
}

/** The result of `lookup`; undefined when the file or folder does not exist or is of the other kind. */
export async function undefinedIfMissing<T>(lookup: Promise<T>): Promise<T | undefined> {
  try {
    return await lookup
  } catch (error) {
    if (isDomException(error, 'NotFoundError') || isDomException(error, 'TypeMismatchError')) return undefined
    throw error
  }
}
