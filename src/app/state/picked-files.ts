// Answers: which files are in a picked or dropped folder? Its own files only: a model lies in one folder. They are not read here.
// It must not know what they are for.

/** More files than any model has: somebody has picked the wrong folder. */
const mostFiles = 2000

export async function filesOf(folder: FileSystemDirectoryHandle): Promise<File[]> {
  const files: File[] = []
  for await (const handle of folder.values()) {
    if (handle.kind !== 'file') continue
    files.push(await (handle as FileSystemFileHandle).getFile())
    if (files.length > mostFiles) break
  }
  return files
}

/** The files of a dropped folder with its name, or the dropped files themselves. Call it before the event has ended. */
export async function droppedFiles(data: DataTransfer): Promise<{ name: string; files: File[] }> {
  const loose = [...data.files]
  const entries = [...data.items].map((item) => item.webkitGetAsEntry?.() ?? null)
  const folder = entries.find((entry): entry is FileSystemDirectoryEntry => entry?.isDirectory === true)
  if (!folder)
    return { name: loose.length === 1 ? (loose[0]?.name ?? '') : 'the dropped files', files: loose }
  const inside = await readEntries(folder)
  const files = inside.filter((entry): entry is FileSystemFileEntry => entry.isFile).slice(0, mostFiles)
  return {
    name: folder.name,
    files: await Promise.all(files.map((entry) => new Promise<File>((done, fail) => entry.file(done, fail)))),
  }
}

// A reader hands entries out in batches, and an empty one at the end.
async function readEntries(folder: FileSystemDirectoryEntry): Promise<FileSystemEntry[]> {
  const reader = folder.createReader()
  const all: FileSystemEntry[] = []
  for (;;) {
    const batch = await new Promise<FileSystemEntry[]>((done, fail) => reader.readEntries(done, fail))
    if (batch.length === 0 || all.length > mostFiles) return all
    all.push(...batch)
  }
}
