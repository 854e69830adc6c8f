// Answers: what do all tests of hosts need? Some bytes, little patience, and two questions. It must not know a server.
import { expect } from 'vitest'
import type { HadalError } from '../../src/lib/error.ts'
import { noise } from './make-safetensors.ts'

export const big = noise(3_000_000, 1)

/** What most of these tests serve. */
export const someFiles = { big, 'sub/ä #?%.json': noise(10, 2), empty: new Uint8Array(0) }

export const impatient = { attempts: 4, firstMs: 5, longestMs: 20 }

/** Expects bytes `start` to `end` of `big`. */
export function same(bytes: Uint8Array, start: number, end: number): void {
  expect(Buffer.compare(bytes, big.subarray(start, end))).toBe(0)
}

/** The error that ends this work. */
export function failure(work: Promise<unknown>): Promise<HadalError> {
  return work.then(
    () => expect.fail('it should have failed'),
    (error: HadalError) => error,
  )
}
