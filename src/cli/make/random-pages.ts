// Random weights, encoded in any dtype as fast as they can be written to disk.
import { encodeBF16, encodeE4M3, encodeF16 } from '../../lib/float.ts'

export type RandomDtype = 'F32' | 'BF16' | 'F16' | 'F8_E4M3' | 'U32'

/** A nearly normal distribution, and the dtype that its values are stored in; U32 holds random bits. */
export interface RandomDistribution {
  readonly dtype: RandomDtype
  readonly mean: number
  readonly deviation: number // its sign matters for tensors of the same stream
}

interface DtypeEncoding {
  readonly bytes: number
  readonly encode: (value: number) => number
  /** Sign and mantissa bits of a 32-bit word: changing them keeps the distribution. */
  readonly randomBits: number
}

const f32 = new Float32Array(1)
const f32Bits = new Uint32Array(f32.buffer)

const ENCODINGS: Readonly<Record<RandomDtype, DtypeEncoding>> = {
  F32: {
    bytes: 4,
    encode: (value) => {
      f32[0] = value
      return f32Bits[0] ?? 0
    },
    randomBits: 0x807f_ffff,
  },
  BF16: { bytes: 2, encode: encodeBF16, randomBits: 0x807f_807f },
  F16: { bytes: 2, encode: encodeF16, randomBits: 0x83ff_83ff },
  // Below 256, no change of the mantissa gives NaN.
  F8_E4M3: {
    bytes: 1,
    encode: (value) => encodeE4M3(Math.max(-240, Math.min(240, value))),
    randomBits: 0x8787_8787,
  },
  U32: { bytes: 4, encode: (value) => value, randomBits: 0xffff_ffff },
}

/** Unit of random data. File systems store or skip whole pages of this size. */
export const PAGE_BYTES = 4096
const PAGE_WORDS = PAGE_BYTES / 4
const POOL_PAGES = 128

/** Hashes two words into one: counters in, independent random words out. */
export function mix(a: number, b: number): number {
  let word = Math.imul(a ^ 0x9e37_79b9, 0x85eb_ca6b) ^ Math.imul(b + 0x7f4a_7c15, 0xc2b2_ae35)
  word = Math.imul(word ^ (word >>> 16), 0x7feb_352d)
  word = Math.imul(word ^ (word >>> 15), 0x846c_a68b)
  return (word ^ (word >>> 16)) >>> 0
}

/** Hash of a text under a seed. */
export function keyOf(seed: number, text: string): number {
  let key = seed >>> 0
  for (let i = 0; i < text.length; i++) key = mix(key, text.charCodeAt(i))
  return key
}

/** Fills `target`, whole pages, with the pages from `first` on of the random stream `key`. */
export type FillRandomPages = (target: Uint32Array, key: number, first: number) => void

/**
 * Fills pages with random values. Each page is a piece of one pool, from a random offset, with its random
 * bits flipped by a mask: as fast as copying, and no two pages are equal. Values with a mean other than zero
 * are not masked.
 */
export function randomPages(distribution: RandomDistribution, seed: number): FillRandomPages {
  const pool = poolOf(distribution, seed)
  const randomBits = distribution.mean === 0 ? ENCODINGS[distribution.dtype].randomBits : 0
  const offsets = (POOL_PAGES - 1) * PAGE_WORDS
  return (target, key, first) => {
    for (let page = 0; page * PAGE_WORDS < target.length; page++) {
      const random = mix(key, first + page)
      const from = random % offsets
      const mask = mix(random, key) & randomBits
      const to = page * PAGE_WORDS
      for (let i = 0; i < PAGE_WORDS; i++) target[to + i] = (pool[from + i] ?? 0) ^ mask
    }
  }
}

function poolOf({ dtype, mean, deviation }: RandomDistribution, seed: number): Uint32Array {
  const { bytes, encode } = ENCODINGS[dtype]
  const pool = new Uint32Array(POOL_PAGES * PAGE_WORDS)
  const codes = bytes === 4 ? pool : bytes === 2 ? new Uint16Array(pool.buffer) : new Uint8Array(pool.buffer)
  for (let i = 0; i < codes.length; i++)
    codes[i] =
      dtype === 'U32'
        ? mix(seed, i)
        : encode(mean + deviation * normal(mix(seed, 2 * i), mix(seed, 2 * i + 1)))
  return pool
}

/** Nearly normal: the sum of four uniform numbers, scaled to unit variance. */
function normal(a: number, b: number): number {
  const sum = (a & 0xffff) + (a >>> 16) + (b & 0xffff) + (b >>> 16)
  return (sum / 65536 - 2) * Math.sqrt(3)
}
