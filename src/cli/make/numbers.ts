// Answers: which bytes stand for random weights, made as fast as they can be written? It must not know tensors or files.
import { encodeBF16, encodeE4M3, encodeF16 } from '../../lib/float.ts'

export type NumberType = 'F32' | 'BF16' | 'F16' | 'F8_E4M3'

/** A distribution, nearly normal, and how numbers of it are stored. */
export interface Numbers {
  readonly type: NumberType
  readonly mean: number
  readonly deviation: number
}

interface NumberFormat {
  readonly bytes: number
  readonly encode: (value: number) => number
  readonly spread: number // bits of a 32-bit word, sign and mantissa, that may change without leaving the distribution
}

const f32 = new Float32Array(1)
const f32Bits = new Uint32Array(f32.buffer)

const FORMATS: Readonly<Record<NumberType, NumberFormat>> = {
  F32: {
    bytes: 4,
    encode: (value) => {
      f32[0] = value
      return f32Bits[0] ?? 0
    },
    spread: 0x807f_ffff,
  },
  BF16: { bytes: 2, encode: encodeBF16, spread: 0x807f_807f },
  F16: { bytes: 2, encode: encodeF16, spread: 0x83ff_83ff },
  // Below 256 no change of the mantissa makes a NaN.
  F8_E4M3: {
    bytes: 1,
    encode: (value) => encodeE4M3(Math.max(-240, Math.min(240, value))),
    spread: 0x8787_8787,
  },
}

/** The unit in which numbers are made, and what a file system keeps or leaves out as a whole. */
export const PAGE = 4096
const PAGE_WORDS = PAGE / 4
const POOL_PAGES = 128

/** Mixes two words into one that looks random: counters in, independent numbers out. */
export function mix(a: number, b: number): number {
  let word = Math.imul(a ^ 0x9e37_79b9, 0x85eb_ca6b) ^ Math.imul(b + 0x7f4a_7c15, 0xc2b2_ae35)
  word = Math.imul(word ^ (word >>> 16), 0x7feb_352d)
  word = Math.imul(word ^ (word >>> 15), 0x846c_a68b)
  return (word ^ (word >>> 16)) >>> 0
}

/** A key of a text under a seed. */
export function keyOf(seed: number, text: string): number {
  let key = seed >>> 0
  for (let i = 0; i < text.length; i++) key = mix(key, text.charCodeAt(i))
  return key
}

/** Fills `target`, whole pages, with pages `first`, `first + 1` … of the stream that `key` names. */
export type PageMaker = (target: Uint32Array, key: number, first: number) => void

/**
 * A maker of pages. Each is a stretch of one pool of numbers from a random place on, its words changed by a random mask: as fast
 * as copying, and no two pages are alike. Numbers about a mean other than zero are not masked.
 */
export function pageMaker(numbers: Numbers, seed: number): PageMaker {
  const pool = poolOf(numbers, seed)
  const spread = numbers.mean === 0 ? FORMATS[numbers.type].spread : 0
  const places = (POOL_PAGES - 1) * PAGE_WORDS
  return (target, key, first) => {
    for (let page = 0; page * PAGE_WORDS < target.length; page++) {
      const random = mix(key, first + page)
      const from = random % places
      const mask = mix(random, key) & spread
      const to = page * PAGE_WORDS
      for (let i = 0; i < PAGE_WORDS; i++) target[to + i] = (pool[from + i] ?? 0) ^ mask
    }
  }
}

function poolOf({ type, mean, deviation }: Numbers, seed: number): Uint32Array {
  const { bytes, encode } = FORMATS[type]
  const pool = new Uint32Array(POOL_PAGES * PAGE_WORDS)
  const codes = bytes === 4 ? pool : bytes === 2 ? new Uint16Array(pool.buffer) : new Uint8Array(pool.buffer)
  for (let i = 0; i < codes.length; i++)
    codes[i] = encode(mean + deviation * normal(mix(seed, 2 * i), mix(seed, 2 * i + 1)))
  return pool
}

/** Four uniform numbers, summed and scaled to unit variance. */
function normal(a: number, b: number): number {
  const sum = (a & 0xffff) + (a >>> 16) + (b & 0xffff) + (b >>> 16)
  return (sum / 65536 - 2) * Math.sqrt(3)
}
