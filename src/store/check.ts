// Answers: are the bytes on the disk still those that arrived? It must not know what is done about those that are not.
import type { FileAccess } from './access.ts'
import type { RangeRecord } from './journal.ts'
import { forEachParallel } from './parallel.ts'

export interface CheckOptions {
  readonly signal?: AbortSignal | undefined
  /** After every range: how many bytes were checked so far. */
  readonly onBytes?: (bytes: number) => void
}

/** SHA-256 of bytes that are in memory, by the browser's own code and beside this thread; 64 hex digits. */
export async function digestOf(bytes: Uint8Array<ArrayBuffer>): Promise<string> {
  const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', bytes))
  return Array.from(digest, (byte) => byte.toString(16).padStart(2, '0')).join('')
}

/** Reads ranges of a file again and returns those that differ from what was vouched for. */
export async function findDamaged(
  access: FileAccess,
  ranges: readonly RangeRecord[],
  options: CheckOptions = {},
): Promise<readonly RangeRecord[]> {
  const damaged: RangeRecord[] = []
  let checked = 0
  // Two at once: one is read while the other is hashed.
  await forEachParallel(ranges, { parallel: 2, signal: options.signal }, async (range) => {
    const bytes = new Uint8Array(range.end - range.start)
    const there = access.read(bytes, { at: range.start })
    if (there < bytes.length || (await digestOf(bytes)) !== range.sha256) damaged.push(range)
    checked += bytes.length
    options.onBytes?.(checked)
  })
  return damaged
}

/** Writes all of `bytes` and has them put on the disk. Errors: what the browser throws when the disk or its quota is full. */
export function writeThrough(access: FileAccess, bytes: Uint8Array, at: number): void {
  const written = access.write(bytes, { at })
  if (written < bytes.length) throw new DOMException('The disk took a part only.', 'QuotaExceededError')
  access.flush()
}
