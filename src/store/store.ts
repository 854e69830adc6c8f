// The models kept in this browser: download, open, verify, remove. Only for workers.
import { expectDefined, HadalError } from '../lib/error.ts'
import type { Source } from '../weights/source.ts'
import { undefinedIfMissing } from './access.ts'
import type { DownloadOptions } from './download-options.ts'
import { folderName } from './folder-name.ts'
import { listModels } from './list.ts'
import { acquireLock, type ReleaseLock } from './locks.ts'
import type { OpenToWrite } from './open-to-write.ts'
import { openReader, type StoredSource } from './reader.ts'
import type { StoredModel } from './stored-model.ts'
import type { DamagedRange, VerifyOptions } from './verify.ts'
import type { ModelWriter } from './writer.ts'

/**
 * Models in the browser's origin private file system. A key (an address, `hf:org/name`, any text) identifies
 * one model. Bytes count as stored once they are flushed and recorded in a journal, so a tab may be killed at
 * any moment. Tabs wait for each other.
 */
export interface Store {
  /** Every stored model, the latest first, including incomplete and unreadable ones. */
  list(): Promise<readonly StoredModel[]>
  /**
   * Downloads and verifies what is missing of `files` of `source`, then opens them. Waits for another tab
   * that stores the same model. Files that changed on the host are dropped and fetched again.
   * Errors: those of `Source`; `storage_full` (arrived bytes are kept); `bad_file` for wrong bytes;
   * `aborted`.
   */
  download(
    key: string,
    source: Source,
    files: readonly string[],
    options?: DownloadOptions,
  ): Promise<StoredSource>
  /** Opens a complete model without network access; undefined when there is none. */
  open(key: string): Promise<StoredSource | undefined>
  /**
   * Reads everything again and returns the ranges that the disk damaged. They count as missing from then on,
   * so the next `download` fetches only them. Errors: `not_found`; `aborted`.
   */
  verify(key: string, options?: VerifyOptions): Promise<readonly DamagedRange[]>
  /** Deletes a model, if there is one. Errors: `bad_request` while a tab reads or stores it. */
  remove(key: string): Promise<void>
  /**
   * Begins a locally written model (kind `packed`), which replaces one with the same key when it is
   * committed. The packed form of a downloaded model needs a key of its own, such as `hf:org/name#q4`.
   * Errors: `bad_request`.
   */
  create(key: string, options?: { readonly signal?: AbortSignal | undefined }): Promise<ModelWriter>
}

/**
 * Opens the store below `root`. Default: the folder `hadal` of the private file system. Errors:
 * `unsupported`.
 */
export async function openStore(root?: FileSystemDirectoryHandle): Promise<Store> {
  const base = root ?? (await openPrivateFolder())
  return {
    list: () => listModels(base),
    download: (key, source, files, options = {}) => download(base, key, { source, files, options }),
    open: (key) => open(base, key),
    verify: async (key, options = {}) => {
      const { verifyFolder } = await import('./verify.ts')
      const opened = await openToWrite(base, key, { signal: options.signal })
      try {
        return await verifyFolder(opened.dir, opened.folder, options)
      } finally {
        await opened.close()
      }
    },
    remove: (key) => remove(base, key),
    create: async (key, { signal } = {}) => {
      const { createWriter } = await import('./writer.ts')
      const opened = await openToWrite(base, key, { kind: 'packed', signal })
      return createWriter(opened.folder, opened.close)
    },
  }
}

/** Throws `unsupported` in old browsers, in private windows, and for pages that may not store anything. */
async function openPrivateFolder(): Promise<FileSystemDirectoryHandle> {
  try {
    expectDefined(navigator.locks, 'locks')
    const opfs = await navigator.storage.getDirectory()
    return await opfs.getDirectoryHandle('hadal', { create: true })
  } catch (cause) {
    throw new HadalError('unsupported', 'This browser does not let this page store models.', {
      hint: 'Open the page over https or on localhost, in a non-private window, and allow it to store data.',
      cause,
    })
  }
}

/** Acquires the model's write lock and opens its folder. */
async function openToWrite(...request: Parameters<OpenToWrite>): ReturnType<OpenToWrite> {
  // Loaded when wanted: what is stored is read far more often than written.
  const { openToWrite } = await import('./open-to-write.ts')
  return openToWrite(...request)
}

async function download(
  base: FileSystemDirectoryHandle,
  key: string,
  request: { readonly source: Source; readonly files: readonly string[]; readonly options: DownloadOptions },
): Promise<StoredSource> {
  const { options, source, files } = request
  const onWait = () => options.onProgress?.({ phase: 'wait', file: '', bytes: 0, totalBytes: 0 })
  const opened = await openToWrite(base, key, { kind: 'original', signal: options.signal, onWait })
  try {
    const { downloadInto } = await import('./download.ts')
    await downloadInto(opened.folder, source, files, options)
    // Opened while the write lock is held, so that no tab can remove it in between.
    return expectDefined(await open(base, key), 'the model that was just stored')
  } finally {
    await opened.close()
  }
}

async function open(base: FileSystemDirectoryHandle, key: string): Promise<StoredSource | undefined> {
  const name = await folderName(key)
  const release = expectDefined(
    await acquireLock(name, 'read', { mode: 'shared' }),
    'a lock that was waited for',
  )
  let source: StoredSource | undefined
  try {
    const dir = await undefinedIfMissing(base.getDirectoryHandle(name))
    source = dir && (await openReader(dir, key, release))
    return source
  } finally {
    if (!source) release()
  }
}

async function remove(base: FileSystemDirectoryHandle, key: string): Promise<void> {
  const unreadable = (await listModels(base)).some(
    (model) => model.kind === 'unreadable' && model.key === key,
  )
  const name = unreadable ? key : await folderName(key)
  const locks: (ReleaseLock | undefined)[] = []
  try {
    for (const use of ['write', 'read'] as const) {
      locks.push(await acquireLock(name, use, { mode: 'exclusive', ifFree: true }))
      if (locks.at(-1) === undefined) throw inUse(key)
    }
    await undefinedIfMissing(base.removeEntry(name, { recursive: true }))
  } finally {
    for (const release of locks) release?.()
  }
}

function inUse(key: string): HadalError {
  return new HadalError('bad_request', `${key} is in use.`, {
    hint: 'Close the model in all tabs, then remove it.',
  })
}
