// Writes the files of a folder under temporary names until all are complete.
import { type FileHandle, mkdir, open, readdir, rename, rm, rmdir } from 'node:fs/promises'
import { join } from 'node:path'
import { HadalError } from '../lib/error.ts'
import type { FolderWriter } from '../weights/folder-writer.ts'
import { writeError } from './disk-space.ts'

/** A folder whose files are named `*.partial` until `commit`. */
export interface PartialFolder extends FolderWriter {
  /** Gives all files their names, the last of `paths` last. */
  commit(): Promise<void>
}

const PARTIAL = '.partial'
const SHARD = /^model(-\d{5}-of-\d{5})?\.safetensors$/

/**
 * Creates the folder, or takes an empty one, or one that only has files of an interrupted run: those are
 * deleted. Throws `bad_request` for any other, and `storage_full`.
 * @param paths the files to be written
 */
export async function openPartialFolder(dir: string, paths: readonly string[]): Promise<PartialFolder> {
  const created = await guarded(dir, mkdir(dir, { recursive: true }))
  const left = await guarded(dir, readdir(dir))
  const isOwn = (name: string) => {
    const path = name.slice(0, -PARTIAL.length)
    return name.endsWith(PARTIAL) && (paths.includes(path) || SHARD.test(path))
  }
  if (!left.every(isOwn)) {
    throw new HadalError('bad_request', `${dir} is not empty.`, {
      hint: 'Name a new folder. Existing files are never overwritten.',
    })
  }
  for (const name of left) await guarded(name, rm(join(dir, name)))
  const handles = new Map<string, Promise<FileHandle>>()
  const partial = (path: string) => join(dir, path + PARTIAL)
  const close = async (path: string) => {
    const handle = handles.get(path)
    handles.delete(path)
    await (await handle)?.close()
  }
  return {
    async write(path, at, bytes) {
      const opened = handles.get(path) ?? open(partial(path), 'w')
      handles.set(path, opened)
      const handle = await guarded(path, opened)
      for (let done = 0; done < bytes.length; ) {
        const written = await guarded(path, handle.write(bytes, done, bytes.length - done, at + done))
        done += written.bytesWritten
      }
    },
    finish: (path) => guarded(path, close(path)),
    async commit() {
      for (const path of paths) await guarded(path, rename(partial(path), join(dir, path)))
    },
    async discard() {
      for (const path of [...handles.keys()]) await close(path).catch(() => {})
      for (const path of paths) await rm(partial(path), { force: true })
      if (created !== undefined) await rmdir(dir).catch(() => {})
    },
  }
}

const guarded = <T>(path: string, work: Promise<T>): Promise<T> =>
  work.catch((cause: unknown) => Promise.reject(writeError(path, cause)))
