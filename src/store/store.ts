// Answers: which models does this browser keep, and how does one come in, get out, stay whole? Only for workers.
// It must not know where models come from, nor what runs them.
import { HadalError, present } from '../lib/error.ts'
import type { Source } from '../weights/source.ts'
import { orMissing } from './access.ts'
import { downloadInto } from './download.ts'
import type { DownloadOptions } from './download-options.ts'
import { copyTo, type ExportOptions } from './export.ts'
import { type ModelFolder, openFolder, readState } from './folder.ts'
import type { ModelKind } from './journal.ts'
import { listModels } from './list.ts'
import { lock, type Release } from './locks.ts'
import { folderName } from './place.ts'
import { openReader, type StoredSource } from './reader.ts'
import type { StoredModel } from './stored-model.ts'
import { type Damage, type VerifyOptions, verifyFolder } from './verify.ts'
import { createWriter, type ModelWriter } from './writer.ts'

/**
 * Models in the browser's private file system. A place (an address, `hf:org/name`, any text) names one model. Bytes count
 * as stored once they are on the disk and a journal says so: a tab may be killed at any moment. Tabs wait for each other.
 */
export interface Store {
  /** Every stored model, the latest first; also incomplete ones, and what cannot be read any more. */
  list(): Promise<readonly StoredModel[]>
  /**
   * Ensures that `files` of `source` lie here, complete and verified, fetching only what is missing, and opens them.
   * Another tab that stores the same model is waited for. What the host has changed since is dropped and fetched again.
   * Errors: those of `Source`; `storage_full` (what has arrived is kept); `bad_file` for wrong bytes; `aborted`.
   */
  download(
    place: string,
    source: Source,
    files: readonly string[],
    options?: DownloadOptions,
  ): Promise<StoredSource>
  /** A complete model, without a look at the network; nothing when there is none. */
  open(place: string): Promise<StoredSource | undefined>
  /**
   * Reads everything again and returns what the disk has changed. Damaged ranges count as missing from then on: the
   * next `download` fetches only them. Errors: `not_found`; `aborted`.
   */
  verify(place: string, options?: VerifyOptions): Promise<readonly Damage[]>
  /** Deletes a model; no error when there is none. Errors: `bad_request` while a tab has it open or stores it. */
  remove(place: string): Promise<void>
  /** Copies a complete model into a folder of the user's. Errors: `not_found` when it is not here. */
  exportTo(place: string, folder: FileSystemDirectoryHandle, options?: ExportOptions): Promise<void>
  /**
   * Begins a model that is written here (kind `packed`), replacing one of the same place when it is committed.
   * A packed form of a downloaded model needs a place of its own, such as `hf:org/name#q4`. Errors: `bad_request`.
   */
  create(place: string, options?: { readonly signal?: AbortSignal | undefined }): Promise<ModelWriter>
}

/** The store below `root`. Default: the folder `hadal` of the browser's private file system. Errors: `unsupported`. */
export async function openStore(root?: FileSystemDirectoryHandle): Promise<Store> {
  const base = root ?? (await privateFolder())
  return {
    list: () => listModels(base),
    download: (place, source, files, options = {}) => download(base, place, { source, files, options }),
    open: (place) => open(base, place),
    verify: async (place, options = {}) => {
      const opened = await openToWrite(base, place, { signal: options.signal })
      try {
        return await verifyFolder(opened.dir, opened.folder, options)
      } finally {
        await opened.close()
      }
    },
    remove: (place) => remove(base, place),
    exportTo: async (place, folder, options = {}) => {
      const source = await open(base, place)
      if (source === undefined) throw notStored(place)
      try {
        await copyTo(folder, source, source.paths, options)
      } finally {
        await source.close()
      }
    },
    create: async (place, { signal } = {}) => {
      const opened = await openToWrite(base, place, { kind: 'packed', signal })
      return createWriter(opened.folder, opened.close)
    },
  }
}

/** Throws `unsupported` where there is none: in old browsers, private windows, and for pages that may not store anything. */
async function privateFolder(): Promise<FileSystemDirectoryHandle> {
  try {
    present(navigator.locks, 'locks')
    const all = await navigator.storage.getDirectory()
    return await all.getDirectoryHandle('hadal', { create: true })
  } catch (cause) {
    throw new HadalError('unsupported', 'This browser gives this page no place to store models.', {
      hint: 'Open the page over https or on localhost, in a window that is not private, and let it store data.',
      cause,
    })
  }
}

function notStored(place: string): HadalError {
  return new HadalError('not_found', `${place} is not stored here.`, { hint: 'Download it first.' })
}

interface OpenedFolder {
  readonly dir: FileSystemDirectoryHandle
  readonly folder: ModelFolder
  /** Gives the folder back, and removes it when nothing came into it. */
  close(): Promise<void>
}

interface WriteOptions {
  /** What to make of a place that holds nothing; without it, that is an error. */
  readonly kind?: ModelKind
  readonly signal?: AbortSignal | undefined
  /** Another tab writes to this place and is waited for. */
  readonly onWait?: () => void
}

/** Takes the place's write lock and opens its folder. */
async function openToWrite(
  base: FileSystemDirectoryHandle,
  place: string,
  options: WriteOptions,
): Promise<OpenedFolder> {
  const name = folderName(place)
  const release = await lockToWrite(name, options)
  try {
    const dir = await orMissing(base.getDirectoryHandle(name, { create: options.kind !== undefined }))
    const kind = options.kind ?? (dir && (await readState(dir)))?.kind
    if (!dir || !kind) throw notStored(place)
    const folder = await openFolder(dir, place, kind, options.signal)
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

async function lockToWrite(name: string, { signal, onWait }: WriteOptions): Promise<Release> {
  const atOnce = await lock(name, 'write', { mode: 'exclusive', ifFree: true })
  if (atOnce) return atOnce
  onWait?.()
  return present(await lock(name, 'write', { mode: 'exclusive', signal }), 'a lock that was waited for')
}

async function download(
  base: FileSystemDirectoryHandle,
  place: string,
  job: { readonly source: Source; readonly files: readonly string[]; readonly options: DownloadOptions },
): Promise<StoredSource> {
  const { options, source, files } = job
  const onWait = () => options.onProgress?.({ phase: 'wait', file: '', bytes: 0, totalBytes: 0 })
  const opened = await openToWrite(base, place, { kind: 'original', signal: options.signal, onWait })
  try {
    await downloadInto(opened.folder, source, files, options)
    // Opened under the lock, so that nobody removes it in between.
    return present(await open(base, place), 'the model that was just stored')
  } finally {
    await opened.close()
  }
}

async function open(base: FileSystemDirectoryHandle, place: string): Promise<StoredSource | undefined> {
  const name = folderName(place)
  const release = present(await lock(name, 'read', { mode: 'shared' }), 'a lock that was waited for')
  let source: StoredSource | undefined
  try {
    const dir = await orMissing(base.getDirectoryHandle(name))
    source = dir && (await openReader(dir, place, release))
    return source
  } finally {
    if (!source) release()
  }
}

async function remove(base: FileSystemDirectoryHandle, place: string): Promise<void> {
  const unreadable = (await listModels(base)).some(
    (model) => model.kind === 'unreadable' && model.place === place,
  )
  const name = unreadable ? place : folderName(place)
  const locks: (Release | undefined)[] = []
  try {
    for (const use of ['write', 'read'] as const) {
      locks.push(await lock(name, use, { mode: 'exclusive', ifFree: true }))
      if (locks.at(-1) === undefined) throw inUse(place)
    }
    await orMissing(base.removeEntry(name, { recursive: true }))
  } finally {
    for (const release of locks) release?.()
  }
}

function inUse(place: string): HadalError {
  return new HadalError('bad_request', `${place} is in use.`, {
    hint: 'Close the model, also in other tabs, then remove it.',
  })
}
