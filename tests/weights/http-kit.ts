// What the tests of HTTP hosts share: files, a fast retry policy, and assertions.
import { expect } from 'vitest'
import type { HadalError } from '../../src/lib/error.ts'
import { noise } from './make-safetensors.ts'

export const BIG_FILE = noise(3_000_000, 1)

/** The files most of these tests serve. */
export const TEST_FILES = { big: BIG_FILE, 'sub/ä #?%.json': noise(10, 2), empty: new Uint8Array(0) }

export const FAST_RETRY = { attempts: 4, initialDelayMs: 5, maxDelayMs: 20 }

/** Expects bytes `start` to `end` of `BIG_FILE`. */
export function expectBytes(bytes: Uint8Array, start: number, end: number): void {
  expect(Buffer.compare(bytes, BIG_FILE.subarray(start, end))).toBe(0)
}

/** The error that `work` rejects with; fails if it does not reject. */
export function errorOf(work: Promise<unknown>): Promise<HadalError> {
  return work.then(
    () => expect.fail('it should have failed'),
    (error: HadalError) => error,
  )
}
