// Tests of the incremental SHA-256 against Node's, with any split of the bytes and any save and resume.
import { createHash } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { expectDefined } from '../../src/lib/error.ts'
import { createSha256, resumeSha256 } from '../../src/store/sha256.ts'
import { seededRandom } from '../support/numbers.ts'

const randomBytes = (random: () => number, count: number) =>
  Uint8Array.from({ length: count }, () => Math.floor(random() * 256))

const nodeSha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex')

describe('SHA-256', () => {
  it('is correct for every length around the block size', () => {
    const bytes = randomBytes(seededRandom(1), 400)
    for (let length = 0; length <= bytes.length; length++) {
      const part = bytes.subarray(0, length)
      const hash = createSha256()
      hash.update(part)
      expect(hash.digest(), `${length} bytes`).toBe(nodeSha256(part))
    }
  })

  it('is correct however the bytes are split, and after any save and resume', () => {
    const random = seededRandom(2)
    for (let round = 0; round < 300; round++) {
      const bytes = randomBytes(random, Math.floor(random() * 5000))
      let hash = createSha256()
      for (let at = 0; at < bytes.length; ) {
        const end = at + Math.floor(random() ** 3 * 700)
        hash.update(bytes.subarray(at, end))
        at = Math.min(bytes.length, end)
        if (random() < 0.3) hash = expectDefined(resumeSha256(hash.save()), 'a resumed hash')
        if (random() < 0.1) expect(hash.digest()).toBe(nodeSha256(bytes.subarray(0, at)))
        expect(hash.bytes).toBe(at)
      }
      expect(hash.digest()).toBe(nodeSha256(bytes))
    }
  })

  it('is correct beyond 2^32 bits', () => {
    const bytes = new Uint8Array(2 ** 25)
    const hash = createSha256()
    const nodeHash = createHash('sha256')
    for (let round = 0; round < 16; round++) {
      hash.update(bytes)
      nodeHash.update(bytes)
    }
    hash.update(bytes.subarray(1))
    expect(hash.digest()).toBe(nodeHash.update(bytes.subarray(1)).digest('hex'))
  })

  it('rejects text that is not a saved state', () => {
    const hash = createSha256()
    hash.update(new Uint8Array(70))
    const saved = hash.save()
    const broken = [
      '',
      saved.slice(1),
      saved.slice(0, -1),
      saved.replace('-70-', '-71-'),
      `${saved}00`,
      saved.toUpperCase(),
    ]
    expect(broken.map(resumeSha256)).toEqual(broken.map(() => undefined))
  })
})
