// Answers: how do a model's files come into its folder, going on where the last attempt ended? It must not know who else
// wants the folder: see store.ts.
import { formatBytes } from '../lib/bytes.ts'
import { present, throwIfAborted } from '../lib/error.ts'
import type { FileFacts, Source } from '../weights/source.ts'
import type { DownloadOptions } from './download-options.ts'
import { fetchFile, type OnArrived } from './fetch-file.ts'
import type { ModelFolder } from './folder.ts'
import { forEachParallel } from './parallel.ts'
import { checkSpace, withSpace } from './space.ts'
import { completeFiles, currentFile, isWhole, type StoredFile, vouchedBytes } from './state.ts'

/** Asks for the facts of so many files at once. */
const parallelFacts = 4
/** Bytes arrive in thousands of pieces a second: nobody wants to hear of each. */
const tellEveryMs = 100

/**
 * Brings `files` of `source` into the folder, complete and verified, and says so in the journal.
 * Errors: those of `Source`; `storage_full`; `bad_file` when the host sends other bytes than it publishes the hash of.
 */
export async function downloadInto(
  folder: ModelFolder,
  source: Source,
  files: readonly string[],
  options: DownloadOptions,
): Promise<void> {
  const paths = [...new Set(files)]
  const facts = await askFacts(source, paths, options.signal)
  const wanted = paths.map((path) => admit(folder, path, facts.get(path) ?? { bytes: 0 }, options))
  await folder.sweep()
  const missing = wanted.filter((file) => !isWhole(file))
  const needed = () => unallocatedBytes(folder, missing)
  await checkSpace(await needed(), source.name)
  await withSpace(source.name, needed, async () => {
    await allocate(folder, missing)
    for (const file of missing) {
      await fetchFile(folder, source, file, options, reporter(wanted, file, options.onProgress))
    }
    sayComplete(folder)
  })
}

/**
 * Takes the room for all files at once: a full disk shows before hours of download, not after. If it is refused, nothing
 * is taken.
 */
async function allocate(folder: ModelFolder, files: readonly StoredFile[]): Promise<void> {
  const grown: { readonly id: number; readonly before: number }[] = []
  try {
    for (const { id, bytes } of files) {
      const before = await folder.resize(id, bytes)
      grown.push({ id, before })
    }
  } catch (error) {
    for (const { id, before } of grown) await folder.resize(id, before)
    throw error
  }
}

/** Tells how far all files are while `file` comes in, range by range. */
function reporter(
  wanted: readonly StoredFile[],
  file: StoredFile,
  onProgress: DownloadOptions['onProgress'],
): OnArrived {
  const totalBytes = wanted.reduce((sum, { bytes }) => sum + bytes, 0)
  let there = wanted.reduce((sum, each) => sum + vouchedBytes(each), 0)
  const arrived = new Map<number, number>()
  let toldAt = Number.NEGATIVE_INFINITY
  const report = () => {
    if (performance.now() - toldAt < tellEveryMs && there < totalBytes) return
    toldAt = performance.now()
    onProgress?.({ phase: 'download', file: file.path, bytes: there, totalBytes })
  }
  report()
  return (start, bytes) => {
    there += bytes - (arrived.get(start) ?? 0)
    arrived.set(start, bytes)
    report()
  }
}

/** Declares all whole files to be the model, if the journal does not say so yet. */
function sayComplete(folder: ModelFolder): void {
  const whole = [...folder.state.files.values()].filter(isWhole).map(({ id }) => id)
  const known = new Set(completeFiles(folder.state)?.map(({ id }) => id))
  if (whole.every((id) => known.has(id))) return
  folder.commit({ type: 'complete', ids: whole, savedAt: Date.now() })
}

async function askFacts(
  source: Source,
  paths: readonly string[],
  signal: AbortSignal | undefined,
): Promise<ReadonlyMap<string, FileFacts>> {
  const facts = new Map<string, FileFacts>()
  await forEachParallel(paths, { parallel: parallelFacts, signal }, async (path, stop) => {
    facts.set(path, (await source.facts?.(path, stop)) ?? { bytes: await source.size(path, stop) })
  })
  throwIfAborted(signal)
  return facts
}

/** The stored file that these facts describe: the one that is there, or a new one in its place. */
function admit(folder: ModelFolder, path: string, facts: FileFacts, options: DownloadOptions): StoredFile {
  const { state } = folder
  const known = currentFile(state, path)
  const reason = known && changeOf(known, facts)
  if (known && !reason) return known
  if (known && reason) {
    folder.commit({ type: 'drop', id: known.id, reason })
    options.onDrop?.(path, reason)
  }
  const { bytes, sha256, version } = facts
  folder.commit({
    type: 'file',
    id: state.nextId,
    path,
    bytes,
    ...(sha256 !== undefined && { sha256 }),
    ...(version !== undefined && { version }),
  })
  return present(currentFile(state, path), path)
}

/** Why the stored file is not the one on the host. Equal hashes tell more than versions: a new commit changes few files. */
function changeOf(known: StoredFile, facts: FileFacts): string | undefined {
  if (known.bytes !== facts.bytes) {
    return `It had ${formatBytes(known.bytes)} on the host and now has ${formatBytes(facts.bytes)}.`
  }
  if (known.sha256 !== undefined && facts.sha256 !== undefined) {
    return known.sha256 === facts.sha256 ? undefined : 'The host now publishes another hash of it.'
  }
  const changed =
    known.version !== undefined && facts.version !== undefined && known.version !== facts.version
  return changed ? 'It changed on the host.' : undefined
}

async function unallocatedBytes(folder: ModelFolder, files: readonly StoredFile[]): Promise<number> {
  const sizes = await Promise.all(files.map(({ id }) => folder.size(id)))
  return files.reduce((sum, { bytes }, at) => sum + Math.max(0, bytes - (sizes[at] ?? 0)), 0)
}
