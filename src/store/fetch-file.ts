// Fetches the missing ranges of one file and verifies its hash.
import { HadalError } from '../lib/error.ts'
import { forEachParallel } from '../lib/parallel.ts'
import type { Source } from '../weights/source.ts'
import type { SyncAccessHandle } from './access.ts'
import type { DownloadOptions } from './download-options.ts'
import { fetchRange } from './fetch-range.ts'
import type { ModelFolder } from './folder.ts'
import { digestHex, findDamaged, writeAndFlush } from './hash-check.ts'
import type { RangeRecord } from './journal.ts'
import { planMissingRanges } from './missing-ranges.ts'
import { createPrefixHash, type PrefixHash } from './prefix-hash.ts'
import { committedRanges, type StoredFile } from './state.ts'

const DEFAULT_RANGE_BYTES = 8 * 2 ** 20
const MIN_RANGE_BYTES = 64 * 2 ** 10
const MAX_RANGE_BYTES = 16 * 2 ** 20
const DEFAULT_PARALLEL = 6
const MAX_IN_FLIGHT_BYTES = 128 * 2 ** 20
/** Attempts to fetch a file before a wrong hash is an error. */
const MAX_ATTEMPTS = 2

/** Called with how many bytes of the range that begins at `start` have arrived. */
export type OnArrived = (start: number, bytes: number) => void

/** One file to fetch. */
export interface FileFetch {
  readonly folder: ModelFolder
  readonly source: Source
  readonly file: StoredFile
  readonly options: DownloadOptions
  readonly onArrived: OnArrived
}

/** A file being fetched, with its open data file. */
interface FetchJob extends FileFetch {
  readonly access: SyncAccessHandle
}

/**
 * Fetches the missing ranges of a file and compares its hash. On a mismatch it fetches again, once: the
 * ranges that the disk damaged, or everything if the disk holds what the host sent. Errors: see
 * `downloadInto`.
 */
export async function fetchFile(request: FileFetch): Promise<void> {
  const { folder, file } = request
  const access = await folder.open(file.id)
  try {
    const job: FetchJob = { ...request, access }
    for (let attempt = 1; !(await fetchAndCompare(job)); attempt++) await discardWrongRanges(job, attempt)
    folder.commit({ type: 'verified', id: file.id })
  } finally {
    access.close()
  }
}

/**
 * Fetches the missing ranges; returns whether the file then has the published hash. Always true without a
 * hash.
 */
async function fetchAndCompare(job: FetchJob): Promise<boolean> {
  const { file, access, options } = job
  const hash = file.sha256 === undefined ? undefined : createPrefixHash(file, access)
  await fetchMissing(job, hash)
  const onBytes = (bytes: number) =>
    options.onProgress?.({ phase: 'verify', file: file.path, bytes, totalBytes: file.bytes })
  return (await hash?.finish({ signal: options.signal, onBytes })) === file.sha256
}

async function fetchMissing(job: FetchJob, hash: PrefixHash | undefined): Promise<void> {
  const { folder, source, file, access, options } = job
  const rangeBytes = Math.max(
    MIN_RANGE_BYTES,
    Math.min(options.rangeBytes ?? DEFAULT_RANGE_BYTES, MAX_RANGE_BYTES),
  )
  const maxParallel = Math.floor(MAX_IN_FLIGHT_BYTES / rangeBytes)
  const parallel = Math.max(1, Math.min(options.parallel ?? DEFAULT_PARALLEL, maxParallel))
  const missing = planMissingRanges(file.bytes, committedRanges(file), rangeBytes)
  const commit = async (start: number, bytes: Uint8Array<ArrayBuffer>) => {
    const end = start + bytes.length
    const range: RangeRecord = { type: 'range', id: file.id, start, end, sha256: await digestHex(bytes) }
    // No await between write and commit: an abort cannot come between them.
    writeAndFlush(access, bytes, start)
    folder.commit(range)
    const state = hash?.add(range, bytes)
    if (state !== undefined) folder.commit({ type: 'hash', id: file.id, state })
  }
  const freeBuffers: ArrayBuffer[] = []
  await forEachParallel(missing, { parallel, signal: options.signal }, async (range, signal) => {
    const buffer = freeBuffers.pop() ?? new ArrayBuffer(Math.min(rangeBytes, file.bytes))
    const onFilled = (bytes: number) => job.onArrived(range.start, bytes)
    await fetchRange({ source, path: file.path, range, buffer, signal, commit, onFilled })
    onFilled(range.end - range.start)
    freeBuffers.push(buffer)
  })
}

/** After a wrong hash: marks the ranges that the disk damaged as lost, or all ranges if it damaged none. */
async function discardWrongRanges(job: FetchJob, attempt: number): Promise<void> {
  const { folder, file, access, options } = job
  const damaged = await findDamaged(access, committedRanges(file), { signal: options.signal })
  const discarded = damaged.length > 0 ? damaged : [...file.ranges.values()]
  folder.commit(...discarded.map(({ id, start }) => ({ type: 'lost', id, start }) as const))
  const reason =
    damaged.length > 0
      ? `${damaged.length} of its ranges changed on the disk.`
      : 'The host sent bytes that do not match the hash it publishes.'
  options.onDrop?.(file.path, reason)
  if (attempt < MAX_ATTEMPTS) return
  throw new HadalError('bad_file', `${file.path} does not match its published hash. ${reason}`, {
    file: file.path,
    hint: damaged.length > 0 ? 'Check the disk.' : 'Try again later, or load the model from another host.',
  })
}
