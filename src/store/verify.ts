// Checks a whole stored model against the hashes in its journal.
import { openAccessHandle } from './access.ts'
import type { ModelFolder } from './folder.ts'
import { findDamaged, type HashCheckOptions } from './hash-check.ts'
import { findDataFile } from './read-state.ts'
import { committedRanges } from './state.ts'

/** A range of a file whose bytes on the disk no longer have the hash recorded when they arrived. */
export interface DamagedRange {
  readonly file: string
  readonly start: number
  readonly end: number // exclusive
}

export interface VerifyOptions {
  readonly signal?: AbortSignal | undefined
  readonly onProgress?: (progress: {
    readonly file: string
    readonly bytes: number
    readonly totalBytes: number
  }) => void
}

/** Reads every committed range again and records damaged ones as lost. */
export async function verifyFolder(
  dir: FileSystemDirectoryHandle,
  folder: ModelFolder,
  options: VerifyOptions,
): Promise<readonly DamagedRange[]> {
  const damage: DamagedRange[] = []
  for (const file of folder.state.files.values()) {
    const handle = await findDataFile(dir, file)
    if (handle === undefined) continue // nothing fetched yet, or already lost
    const access = await openAccessHandle(handle, 'read-only')
    try {
      const check: HashCheckOptions = {
        signal: options.signal,
        onBytes: (bytes) => options.onProgress?.({ file: file.path, bytes, totalBytes: file.bytes }),
      }
      const damaged = await findDamaged(access, committedRanges(file), check)
      folder.commit(...damaged.map(({ id, start }) => ({ type: 'lost', id, start }) as const))
      damage.push(...damaged.map(({ start, end }) => ({ file: file.path, start, end })))
    } finally {
      access.close()
    }
  }
  return damage
}
