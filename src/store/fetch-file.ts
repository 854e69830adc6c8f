// Answers: how do the missing ranges of one file come in, and how are they proved right? It must not know other files.
import { HadalError } from '../lib/error.ts'
import type { Source } from '../weights/source.ts'
import type { FileAccess } from './access.ts'
import { digestOf, findDamaged, writeThrough } from './check.ts'
import type { DownloadOptions } from './download-options.ts'
import { fetchRange } from './fetch-range.ts'
import type { ModelFolder } from './folder.ts'
import type { RangeRecord } from './journal.ts'
import { planMissing } from './missing.ts'
import { forEachParallel } from './parallel.ts'
import { createPrefixHash, type PrefixHash } from './prefix-hash.ts'
import { type StoredFile, vouched } from './state.ts'

const defaultRangeBytes = 8 * 2 ** 20
const leastRangeBytes = 64 * 2 ** 10
const mostRangeBytes = 16 * 2 ** 20
const defaultParallel = 6
const maxInFlightBytes = 128 * 2 ** 20
/** How often a file may turn out wrong before the blame is given. */
const attempts = 2

/** So many bytes of the range that begins at `start` have arrived. */
export type OnArrived = (start: number, bytes: number) => void

interface Job {
  readonly folder: ModelFolder
  readonly source: Source
  readonly file: StoredFile
  readonly access: FileAccess
  readonly options: DownloadOptions
  readonly onArrived: OnArrived
}

/**
 * Fetches what is missing of a file, compares its hash, and fetches again what is wrong: the damaged ranges, or, when the
 * disk holds what the host sent, everything, once. Errors: see `downloadInto`.
 */
export async function fetchFile(
  folder: ModelFolder,
  source: Source,
  file: StoredFile,
  options: DownloadOptions,
  onArrived: OnArrived,
): Promise<void> {
  const access = await folder.open(file.id)
  try {
    const job: Job = { folder, source, file, access, options, onArrived }
    for (let attempt = 1; !(await fetchAndCompare(job)); attempt++) await giveUpWrong(job, attempt)
    folder.commit({ type: 'verified', id: file.id })
  } finally {
    access.close()
  }
}

/** Fetches what is missing; whether the whole then is what the host publishes. Without a hash, arriving is enough. */
async function fetchAndCompare(job: Job): Promise<boolean> {
  const { file, access, options } = job
  const hash = file.sha256 === undefined ? undefined : createPrefixHash(file, access)
  await fetchMissing(job, hash)
  const onBytes = (bytes: number) =>
    options.onProgress?.({ phase: 'verify', file: file.path, bytes, totalBytes: file.bytes })
  return (await hash?.finish({ signal: options.signal, onBytes })) === file.sha256
}

async function fetchMissing(job: Job, hash: PrefixHash | undefined): Promise<void> {
  const { folder, source, file, access, options } = job
  const rangeBytes = Math.max(
    leastRangeBytes,
    Math.min(options.rangeBytes ?? defaultRangeBytes, mostRangeBytes),
  )
  const mostParallel = Math.floor(maxInFlightBytes / rangeBytes)
  const parallel = Math.max(1, Math.min(options.parallel ?? defaultParallel, mostParallel))
  const missing = planMissing(file.bytes, vouched(file), rangeBytes)
  const keep = async (start: number, bytes: Uint8Array<ArrayBuffer>) => {
    const end = start + bytes.length
    const range: RangeRecord = { type: 'range', id: file.id, start, end, sha256: await digestOf(bytes) }
    // From here to the journal nothing waits: what has arrived is kept, whatever happens next.
    writeThrough(access, bytes, start)
    folder.commit(range)
    const state = hash?.take(range, bytes)
    if (state !== undefined) folder.commit({ type: 'hash', id: file.id, state })
  }
  const free: ArrayBuffer[] = []
  await forEachParallel(missing, { parallel, signal: options.signal }, async (range, signal) => {
    const memory = free.pop() ?? new ArrayBuffer(Math.min(rangeBytes, file.bytes))
    const onFilled = (bytes: number) => job.onArrived(range.start, bytes)
    await fetchRange({ source, path: file.path, range, memory, signal, keep, onFilled })
    onFilled(range.end - range.start)
    free.push(memory)
  })
}

/** After a wrong hash: forgets the ranges that the disk changed, or all, if it changed none. */
async function giveUpWrong(job: Job, attempt: number): Promise<void> {
  const { folder, file, access, options } = job
  const damaged = await findDamaged(access, vouched(file), { signal: options.signal })
  const wrong = damaged.length > 0 ? damaged : [...file.ranges.values()]
  folder.commit(...wrong.map(({ id, start }) => ({ type: 'lost', id, start }) as const))
  const reason =
    damaged.length > 0
      ? `${damaged.length} of its ranges changed on the disk.`
      : 'The host sent other bytes than it publishes the hash of.'
  options.onDrop?.(file.path, reason)
  if (attempt < attempts) return
  throw new HadalError('bad_file', `${file.path} does not match its published hash. ${reason}`, {
    file: file.path,
    hint: damaged.length > 0 ? 'Check the disk.' : 'Try again later, or load the model from another host.',
  })
}
