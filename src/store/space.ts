// Answers: is there room, and what is said when there is none? It must not know what takes the room.
import { formatBytes } from '../lib/bytes.ts'
import { HadalError } from '../lib/error.ts'
import { isNamed } from './access.ts'

const hint = 'Delete a stored model or free disk space, then go on: what has arrived is kept.'

/** Asks for `bytes` more: `storage_full` when the browser would not give them. Asks it once not to clear our data. */
export async function checkSpace(bytes: number, what: string): Promise<void> {
  const { storage } = navigator
  // Workers may not ask; their page should (see README).
  if (bytes > 0 && !(await storage.persisted())) await storage.persist?.()
  const available = await availableBytes()
  if (available === undefined || bytes <= available) return
  throw full(bytes, available, what)
}

async function availableBytes(): Promise<number | undefined> {
  const { quota, usage } = await navigator.storage.estimate()
  return quota === undefined || usage === undefined ? undefined : Math.max(0, quota - usage)
}

function full(bytes: number, available: number | undefined, what: string, cause?: unknown): HadalError {
  // What a browser says it has is rounded and meant not to tell who asks: it may refuse and claim to have plenty.
  const isTold = available !== undefined && available < bytes
  const left = isTold ? `the browser has ${formatBytes(available)} left` : 'the browser does not give so much'
  return new HadalError('storage_full', `${what} needs ${formatBytes(bytes)}; ${left}.`, { hint, cause })
}

/** Does `work`. Errors: `storage_full` when the browser refuses it room, with the bytes that `missing` then counts. */
export async function withSpace<T>(
  what: string,
  missing: () => number | Promise<number>,
  work: () => Promise<T>,
): Promise<T> {
  try {
    return await work()
  } catch (error) {
    if (!isNamed(error, 'QuotaExceededError')) throw error
    throw full(await missing(), await availableBytes(), what, error)
  }
}
