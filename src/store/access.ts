// Answers: how are files of the browser's private file system opened for reading and writing at any byte? Only workers may.
// It must not know what lies in the files.
import { HadalError } from '../lib/error.ts'

/** A file open for synchronous reading and writing. The type that TypeScript has for it is not part of its DOM types. */
export interface FileAccess {
  /** Fills `into` from byte `at` on; returns how many bytes there were. */
  read(into: Uint8Array<ArrayBuffer>, options: { at: number }): number
  write(bytes: Uint8Array, options: { at: number }): number
  truncate(bytes: number): void
  getSize(): number
  flush(): void
  close(): void
}

interface SyncFileHandle {
  createSyncAccessHandle(options?: { mode: 'readwrite' | 'read-only' }): Promise<FileAccess>
}

const waitMs = 50

/**
 * Opens a file of the private file system. With 'read-only', several tabs can have it open; browsers that do not know
 * the mode let one have it. A tab that was killed may hold its files for a moment: that is what `attempts` are for.
 * Errors: `bad_request` when somebody else keeps it open; `unsupported` outside of a worker.
 */
export async function openAccess(
  file: FileSystemFileHandle,
  mode: 'readwrite' | 'read-only',
  attempts = 20,
): Promise<FileAccess> {
  if (!('createSyncAccessHandle' in file)) {
    throw new HadalError('unsupported', 'Stored files can only be opened in a worker of a current browser.', {
      hint: 'Update the browser, or load the model without storing it.',
    })
  }
  for (let tried = 1; ; tried++) {
    try {
      return await (file as unknown as SyncFileHandle).createSyncAccessHandle({ mode })
    } catch (cause) {
      if (!isNamed(cause, 'NoModificationAllowedError')) throw cause
      if (tried === attempts) {
        throw new HadalError('bad_request', 'Another tab uses this stored model.', {
          hint: 'Close the model in the other tab and try again.',
          cause,
        })
      }
    }
    await new Promise((done) => setTimeout(done, waitMs))
  }
}

/** Whether an exception of the browser has this name. */
export function isNamed(error: unknown, name: string): boolean {
  return error instanceof DOMException && error.name === name
}

/** What `find` finds, or nothing where there is no such file or folder. */
export async function orMissing<T>(find: Promise<T>): Promise<T | undefined> {
  try {
    return await find
  } catch (error) {
    if (isNamed(error, 'NotFoundError') || isNamed(error, 'TypeMismatchError')) return undefined
    throw error
  }
}
