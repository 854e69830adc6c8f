// Checks that a disk has room, and turns what a file system refuses into errors with a hint.
import { statfs } from 'node:fs/promises'
import { HadalError } from '../lib/error.ts'
import { formatBytes } from '../lib/format.ts'

const RESERVED_DISK_BYTES = 2 ** 29 // of the disk, left free

/** Throws `storage_full` if the disk of a folder has no room for `bytes`. */
export async function checkSpace(folder: string, bytes: number, hint: string): Promise<void> {
  const { bavail, bsize } = await statfs(folder)
  const free = bavail * bsize
  if (free >= bytes + RESERVED_DISK_BYTES) return
  throw new HadalError(
    'storage_full',
    `${folder} needs ${formatBytes(bytes)}; its disk has ${formatBytes(free)} free.`,
    { hint: `${hint} ${formatBytes(RESERVED_DISK_BYTES)} always stay free.` },
  )
}

const FULL = ['ENOSPC', 'EDQUOT']
const NO_FOLDER = ['EEXIST', 'ENOTDIR']

/** The error of a file system that did not write to `path`: `storage_full`, or `bad_request`. */
export function writeError(path: string, cause: unknown): HadalError {
  const code = cause instanceof Error && 'code' in cause ? String(cause.code) : ''
  const why = cause instanceof Error ? cause.message : String(cause)
  if (FULL.includes(code)) {
    const hint = 'Free some space or name a folder on another disk, then start again.'
    return new HadalError('storage_full', `The disk of ${path} is full.`, { file: path, hint, cause })
  }
  const hint = NO_FOLDER.includes(code)
    ? 'Name a new folder, not a file.'
    : 'Name a folder that you may write to.'
  return new HadalError('bad_request', `Cannot write ${path}: ${why}.`, { file: path, hint, cause })
}
