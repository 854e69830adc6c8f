// Lists the files of a picked or dropped folder, without its subfolders, and knows models by their names.

/** More than any model has: beyond this the wrong folder was picked. */
const MAX_FILES = 2000

export async function listFiles(folder: FileSystemDirectoryHandle): Promise<File[]> {
  const files: File[] = []
  for await (const handle of folder.values()) {
    if (handle.kind !== 'file') continue
    files.push(await (handle as FileSystemFileHandle).getFile())
    if (files.length > MAX_FILES) break
  }
  return files
}

/**
 * The files and name of a dropped folder, or the dropped files. Call it during the event: its data expires
 * after.
 */
export async function droppedFiles(data: DataTransfer): Promise<{ name: string; files: File[] }> {
  const loose = [...data.files]
  const entries = [...data.items].map((item) => item.webkitGetAsEntry?.() ?? null)
  const folder = entries.find((entry): entry is FileSystemDirectoryEntry => entry?.isDirectory === true)
  if (!folder) return { name: loose.length === 1 ? (loose[0]?.name ?? '') : 'Dropped files', files: loose }
  const inside = await readEntries(folder)
  const files = inside.filter((entry): entry is FileSystemFileEntry => entry.isFile).slice(0, MAX_FILES)
  return {
    name: folder.name,
    files: await Promise.all(files.map((entry) => new Promise<File>((done, fail) => entry.file(done, fail)))),
  }
}

// A reader returns batches and an empty one at the end.
async function readEntries(folder: FileSystemDirectoryEntry): Promise<FileSystemEntry[]> {
  const reader = folder.createReader()
  const all: FileSystemEntry[] = []
  for (;;) {
    const batch = await new Promise<FileSystemEntry[]>((done, fail) => reader.readEntries(done, fail))
    if (batch.length === 0 || all.length > MAX_FILES) return all
    all.push(...batch)
  }
}

/** Whether files are of a model: its weights are among them. */
export const areModelFiles = (files: readonly Pick<File, 'name'>[]): boolean =>
  files.some(({ name }) => /\.(safetensors|gguf)(\.index\.json)?$/i.test(name))
