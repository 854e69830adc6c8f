// Compares stored bytes with the hashes recorded in the journal, and writes bytes through to the disk.
import { forEachParallel } from '../lib/parallel.ts'
import type { SyncAccessHandle } from './access.ts'
import type { RangeRecord } from './journal.ts'

export interface HashCheckOptions {
  readonly signal?: AbortSignal | undefined
  /** Called after every range, with the bytes checked so far. */
  readonly onBytes?: (bytes: number) => void
}

/** SHA-256 of bytes in memory, 64 hex digits; computed by the browser outside of this thread. */
export async function digestHex(bytes: Uint8Array<ArrayBuffer>): Promise<string> {
  const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', bytes))
  return Array.from(digest, (byte) => byte.toString(16).padStart(2, '0')).join('')
}

/** Reads ranges of a file again and returns those whose hash differs from the journal's. */
export async function findDamaged(
  access: SyncAccessHandle,
  ranges: readonly RangeRecord[],
  options: HashCheckOptions = {},
): Promise<readonly RangeRecord[]> {
  const damaged: RangeRecord[] = []
  let checked = 0
  // Two at once: one is read while the other is hashed.
  await forEachParallel(ranges, { parallel: 2, signal: options.signal }, async (range) => {
    const bytes = new Uint8Array(range.end - range.start)
    const readBytes = access.read(bytes, { at: range.start })
    if (readBytes < bytes.length || (await digestHex(bytes)) !== range.sha256) damaged.push(range)
    checked += bytes.length
    options.onBytes?.(checked)
  })
  return damaged
}

/** Writes all of `bytes` and flushes them. Errors: the browser's own when the disk or the quota is full. */
export function writeAndFlush(access: SyncAccessHandle, bytes: Uint8Array, at: number): void {
  const written = access.write(bytes, { at })
  if (written < bytes.length)
    throw new DOMException('Only part of the bytes could be written.', 'QuotaExceededError')
  access.flush()
}
