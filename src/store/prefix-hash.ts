// Hashes a file whose ranges arrive in any order: the hash follows the part that is stored without a gap.
import { assert, throwIfAborted } from '../lib/error.ts'
import type { SyncAccessHandle } from './access.ts'
import type { HashCheckOptions } from './hash-check.ts'
import type { RangeRecord } from './journal.ts'
import { createSha256, resumeSha256 } from './sha256.ts'
import { committedRanges, type StoredFile } from './state.ts'

export interface PrefixHash {
  /** Adds a committed range with its bytes; returns the hash's state when it is time to save it. */
  add(range: RangeRecord, bytes: Uint8Array): string | undefined
  /** Hashes the rest of a file whose bytes are all stored; 64 hex digits. */
  finish(options: HashCheckOptions): Promise<string>
}

/** At most this much is hashed again after a restart. */
const SAVE_INTERVAL_BYTES = 64 * 2 ** 20
/** Early ranges hashed with each arriving one: the hash must catch up, but the caller must not wait long. */
const CATCH_UP_RANGES = 2
const CHUNK_BYTES = 2 ** 20

/** The hash of a file, resumed from its last saved state. */
export function createPrefixHash(file: StoredFile, access: SyncAccessHandle): PrefixHash {
  const resumed = file.hash === undefined ? undefined : resumeSha256(file.hash)
  const isUsable = resumed !== undefined && resumed.bytes <= gaplessBytes(file)
  const hash = isUsable ? resumed : createSha256()
  let savedBytes = hash.bytes
  const chunk = new Uint8Array(CHUNK_BYTES)
  /** Hashes stored bytes up to `end`, read back from the disk cache. */
  const readTo = (end: number) => {
    while (hash.bytes < end) {
      const part = chunk.subarray(0, Math.min(CHUNK_BYTES, end - hash.bytes))
      assert(
        access.read(part, { at: hash.bytes }) === part.length,
        `${file.path} was truncated while it was open`,
      )
      hash.update(part)
    }
  }
  return {
    add(range, bytes) {
      for (let step = 0; step <= CATCH_UP_RANGES; step++) {
        const next = file.ranges.get(hash.bytes)
        if (next === range) hash.update(bytes)
        else if (next) readTo(next.end)
      }
      if (hash.bytes - savedBytes < SAVE_INTERVAL_BYTES) return undefined
      savedBytes = hash.bytes
      return hash.save()
    },
    async finish({ signal, onBytes }) {
      while (hash.bytes < file.bytes) {
        throwIfAborted(signal)
        readTo(Math.min(file.bytes, hash.bytes + 8 * CHUNK_BYTES))
        onBytes?.(hash.bytes)
        await new Promise((done) => setTimeout(done)) // lets an abort message arrive
      }
      return hash.digest()
    },
  }
}

/** The length of the file's beginning that is stored without a gap. */
function gaplessBytes(file: StoredFile): number {
  let reachedEnd = 0
  for (const { start, end } of committedRanges(file)) {
    if (start !== reachedEnd) break
    reachedEnd = end
  }
  return reachedEnd
}
