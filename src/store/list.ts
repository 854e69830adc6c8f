// Lists the models in the store, with how much of each is there.
import { undefinedIfMissing } from './access.ts'
import { displayName } from './folder-name.ts'
import { readModelState } from './read-state.ts'
import { committedBytes, completeFiles, type StoredFile } from './state.ts'
import type { StoredModel } from './stored-model.ts'

/** Every model of the store, the latest first. */
export async function listModels(root: FileSystemDirectoryHandle): Promise<readonly StoredModel[]> {
  const models: StoredModel[] = []
  for await (const handle of root.values()) {
    // Another tab may remove it in the meantime.
    if (isFolder(handle)) models.push(...((await undefinedIfMissing(describeFolder(handle))) ?? []))
  }
  return models.sort((a, b) => b.savedAt - a.savedAt)
}

function isFolder(handle: FileSystemHandle): handle is FileSystemDirectoryHandle {
  return handle.kind === 'directory'
}

async function describeFolder(dir: FileSystemDirectoryHandle): Promise<readonly StoredModel[]> {
  const state = await readModelState(dir)
  if (state === undefined) return [await describeUnreadable(dir)]
  const files = [...state.files.values()]
  const sum = (of: (file: StoredFile) => number) => files.reduce((total, file) => total + of(file), 0)
  return [
    {
      name: displayName(state.key),
      key: state.key,
      bytes: sum(committedBytes),
      totalBytes: sum(({ bytes }) => bytes),
      complete: completeFiles(state) !== undefined,
      savedAt: state.complete?.savedAt ?? 0,
      kind: state.kind,
    },
  ]
}

async function describeUnreadable(dir: FileSystemDirectoryHandle): Promise<StoredModel> {
  let bytes = 0
  for await (const handle of dir.values()) {
    if (handle.kind === 'file') bytes += (await (handle as FileSystemFileHandle).getFile()).size
  }
  const { name } = dir
  return { name, key: name, bytes, totalBytes: bytes, complete: false, savedAt: 0, kind: 'unreadable' }
}
