// Checks that the browser has room for a model, and reports how much is missing.

import { HadalError } from '../lib/error.ts'
import { formatBytes } from '../lib/format.ts'
import { isDomException } from './access.ts'

const FULL_HINT = 'Delete a stored model or free disk space, then try again. Downloaded parts are kept.'

/** Throws `storage_full` if the browser has no room for `bytes` more. Also asks it not to evict our data. */
export async function checkSpace(bytes: number, what: string): Promise<void> {
  const { storage } = navigator
  // Workers cannot request this; in the page `loadModel` does.
  if (bytes > 0 && !(await storage.persisted())) await storage.persist?.()
  const available = await availableBytes()
  if (available === undefined || bytes <= available) return
  throw storageFull(bytes, available, what)
}

async function availableBytes(): Promise<number | undefined> {
  const { quota, usage } = await navigator.storage.estimate()
  return quota === undefined || usage === undefined ? undefined : Math.max(0, quota - usage)
}

function storageFull(
  bytes: number,
  available: number | undefined,
  what: string,
  cause?: unknown,
): HadalError {
  // Browsers blur their quota against fingerprinting: one may refuse a write while reporting plenty of space.
  const isReported = available !== undefined && available < bytes
  const remaining = isReported
    ? `the browser has ${formatBytes(available)} left`
    : 'the browser does not allow that much'
  return new HadalError('storage_full', `${what} needs ${formatBytes(bytes)}; ${remaining}.`, {
    hint: FULL_HINT,
    cause,
  })
}

/** Runs `work`, turning QuotaExceededError into `storage_full` with the bytes that were still needed. */
export async function withSpace<T>(
  what: string,
  neededBytes: () => number | Promise<number>,
  work: () => Promise<T>,
): Promise<T> {
  try {
    return await work()
  } catch (error) {
    if (!isDomException(error, 'QuotaExceededError')) throw error
    throw storageFull(await neededBytes(), await availableBytes(), what, error)
  }
}
