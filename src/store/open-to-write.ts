// Opens a stored model's folder for writing, under its lock.
import { expectDefined } from '../lib/error.ts'
import { undefinedIfMissing } from './access.ts'
import { type ModelFolder, openModelFolder } from './folder.ts'
import { folderName } from './folder-name.ts'
import type { ModelKind } from './journal.ts'
import { acquireLock, type ReleaseLock } from './locks.ts'
import { notStored } from './not-stored.ts'
import { readModelState } from './read-state.ts'

export interface LockedFolder {
  readonly dir: FileSystemDirectoryHandle
  readonly folder: ModelFolder
  /** Closes the folder and releases its lock; deletes it when it is empty. */
  close(): Promise<void>
}

interface OpenToWriteOptions {
  /** The kind of model to create if none is stored; without it, a missing model is an error. */
  readonly kind?: ModelKind
  readonly signal?: AbortSignal | undefined
  /** Called when another tab is writing this model and must be waited for. */
  readonly onWait?: () => void
}

export type OpenToWrite = typeof openToWrite

/** Acquires the model's write lock and opens its folder. */
export async function openToWrite(
  base: FileSystemDirectoryHandle,
  key: string,
  options: OpenToWriteOptions,
): Promise<LockedFolder> {
  const name = await folderName(key)
  const release = await lockToWrite(name, options)
  try {
    const dir = await undefinedIfMissing(
      base.getDirectoryHandle(name, { create: options.kind !== undefined }),
    )
    const kind = options.kind ?? (dir && (await readModelState(dir)))?.kind
    if (!dir || !kind) throw notStored(key)
    const folder = await openModelFolder(dir, key, kind, options.signal)
    const close = async () => {
      folder.close()
      if (folder.state.files.size === 0) await base.removeEntry(name, { recursive: true })
      release()
    }
    return { dir, folder, close }
  } catch (error) {
    release()
    throw error
  }
}

async function lockToWrite(name: string, { signal, onWait }: OpenToWriteOptions): Promise<ReleaseLock> {
  const immediate = await acquireLock(name, 'write', { mode: 'exclusive', ifFree: true })
  if (immediate) return immediate
  onWait?.()
  return expectDefined(
    await acquireLock(name, 'write', { mode: 'exclusive', signal }),
    'a lock that was waited for',
  )
}
