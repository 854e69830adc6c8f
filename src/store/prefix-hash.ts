// Answers: what is the hash of a file whose pieces arrive in any order? It follows the part that has no gaps.
// It must not know what the hash is compared with.
import { assert, throwIfAborted } from '../lib/error.ts'
import type { FileAccess } from './access.ts'
import type { CheckOptions } from './check.ts'
import type { RangeRecord } from './journal.ts'
import { createSha256, resumeSha256 } from './sha256.ts'
import { type StoredFile, vouched } from './state.ts'

export interface PrefixHash {
  /** Takes in a range that has been committed, `bytes` being its content; returns a state that is worth saving now. */
  take(range: RangeRecord, bytes: Uint8Array): string | undefined
  /** Takes in all that is left of a file that is wholly there; 64 hex digits. */
  finish(options: CheckOptions): Promise<string>
}

/** A restart hashes at most so much again. */
const saveEveryBytes = 64 * 2 ** 20
/** How many ranges that arrived early are taken in with each that arrives: the hash must catch up, the caller not wait long. */
const catchUp = 2
const pieceBytes = 2 ** 20

/** The hash of a file, going on from its last saved state. */
export function createPrefixHash(file: StoredFile, access: FileAccess): PrefixHash {
  const resumed = file.hash === undefined ? undefined : resumeSha256(file.hash)
  const isInside = resumed !== undefined && resumed.bytes <= prefixBytes(file)
  const hash = isInside ? resumed : createSha256()
  let savedBytes = hash.bytes
  const piece = new Uint8Array(pieceBytes)
  /** Takes in stored bytes up to `end`, read back from the disk's cache. */
  const readTo = (end: number) => {
    while (hash.bytes < end) {
      const part = piece.subarray(0, Math.min(pieceBytes, end - hash.bytes))
      assert(access.read(part, { at: hash.bytes }) === part.length, `${file.path} was cut while it was open`)
      hash.update(part)
    }
  }
  return {
    take(range, bytes) {
      for (let taken = 0; taken <= catchUp; taken++) {
        const next = file.ranges.get(hash.bytes)
        if (next === range) hash.update(bytes)
        else if (next) readTo(next.end)
      }
      if (hash.bytes - savedBytes < saveEveryBytes) return undefined
      savedBytes = hash.bytes
      return hash.save()
    },
    async finish({ signal, onBytes }) {
      while (hash.bytes < file.bytes) {
        throwIfAborted(signal)
        readTo(Math.min(file.bytes, hash.bytes + 8 * pieceBytes))
        onBytes?.(hash.bytes)
        await new Promise((done) => setTimeout(done)) // a turn for those who want to cancel
      }
      return hash.digest()
    },
  }
}

/** How much of the file's beginning is there without a gap. */
function prefixBytes(file: StoredFile): number {
  let reach = 0
  for (const { start, end } of vouched(file)) {
    if (start !== reach) break
    reach = end
  }
  return reach
}
