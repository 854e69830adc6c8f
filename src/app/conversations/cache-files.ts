// Saved KV caches of conversations: one file each in the origin private file system.

const FOLDER = 'hadal-conversations'

const folder = async (): Promise<FileSystemDirectoryHandle> =>
  (await navigator.storage.getDirectory()).getDirectoryHandle(FOLDER, { create: true })

/** Writes a conversation's cache in place of an earlier one. Rejects if the disk is full. */
export async function writeCacheFile(id: string, saved: Blob): Promise<void> {
  const writable = await (await (await folder()).getFileHandle(id, { create: true })).createWritable()
  await saved.stream().pipeTo(writable)
}

/** The file of a conversation's cache; undefined if there is none. */
export async function readCacheFile(id: string): Promise<File | undefined> {
  return (await folder())
    .getFileHandle(id)
    .then((handle) => handle.getFile())
    .catch(() => undefined)
}

export async function removeCacheFile(id: string): Promise<void> {
  await (await folder()).removeEntry(id).catch(() => undefined)
}
