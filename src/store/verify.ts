// Answers: is a stored model still what it was when it was stored? It must not know how damage is healed.
import { openAccess } from './access.ts'
import { type CheckOptions, findDamaged } from './check.ts'
import { dataFile, type ModelFolder } from './folder.ts'
import { vouched } from './state.ts'

/** Bytes of a file that are not what arrived. */
export interface Damage {
  readonly file: string
  readonly start: number
  readonly end: number
}

export interface VerifyOptions {
  readonly signal?: AbortSignal | undefined
  readonly onProgress?: (progress: {
    readonly file: string
    readonly bytes: number
    readonly totalBytes: number
  }) => void
}

/** Reads every stored range again; those that are damaged are lost to the journal from then on. */
export async function verifyFolder(
  dir: FileSystemDirectoryHandle,
  folder: ModelFolder,
  options: VerifyOptions,
): Promise<readonly Damage[]> {
  const damage: Damage[] = []
  for (const file of folder.state.files.values()) {
    const handle = await dataFile(dir, file)
    if (handle === undefined) continue // nothing of it has been fetched, or it is lost already
    const access = await openAccess(handle, 'read-only')
    try {
      const check: CheckOptions = {
        signal: options.signal,
        onBytes: (bytes) => options.onProgress?.({ file: file.path, bytes, totalBytes: file.bytes }),
      }
      const damaged = await findDamaged(access, vouched(file), check)
      folder.commit(...damaged.map(({ id, start }) => ({ type: 'lost', id, start }) as const))
      damage.push(...damaged.map(({ start, end }) => ({ file: file.path, start, end })))
    } finally {
      access.close()
    }
  }
  return damage
}
