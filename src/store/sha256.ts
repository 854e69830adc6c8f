// SHA-256 of bytes that arrive in parts, across restarts. WebCrypto needs all bytes at once.

/** A hash in progress. Its state can be saved as a short text and resumed in another process. */
export interface Sha256 {
  /** How many bytes were hashed so far. */
  readonly bytes: number
  update(bytes: Uint8Array): void
  /** The hash of all bytes so far, 64 lower-case hex digits; more bytes may follow. */
  digest(): string
  /** The state as ASCII text of at most 210 characters: see `resumeSha256`. */
  save(): string
}

const BLOCK_BYTES = 64

// The constants of FIPS 180-4: the first 32 bits of the fractional parts of the cube roots and square roots
// of primes.
const PRIMES = firstPrimes(64)
const ROUND_CONSTANTS = Int32Array.from(PRIMES, (prime) => fractionBits(Math.cbrt(prime)))
const INITIAL_STATE = Int32Array.from(PRIMES.slice(0, 8), (prime) => fractionBits(Math.sqrt(prime)))

function firstPrimes(count: number): number[] {
  const found: number[] = []
  for (let n = 2; found.length < count; n++) {
    if (found.every((prime) => n % prime !== 0)) found.push(n)
  }
  return found
}

function fractionBits(root: number): number {
  return Math.floor((root - Math.floor(root)) * 2 ** 32) | 0
}

/** A new hash over no bytes. */
export function createSha256(): Sha256 {
  return hashFrom(INITIAL_STATE.slice(), 0, new Uint8Array(0))
}

/** Resumes the hash that `save` described; undefined when the text is not a saved state. */
export function resumeSha256(saved: string): Sha256 | undefined {
  const parts = /^([0-9a-f]{64})-(\d{1,16})-((?:[0-9a-f]{2}){0,63})$/.exec(saved)
  const [, words = '', count = '', tail = ''] = parts ?? []
  const bytes = Number(count)
  if (!parts || !Number.isSafeInteger(bytes) || bytes % BLOCK_BYTES !== tail.length / 2) return undefined
  const state = Int32Array.from({ length: 8 }, (_, at) =>
    Number.parseInt(words.slice(8 * at, 8 * at + 8), 16),
  )
  return hashFrom(state, bytes, fromHex(tail))
}

function hashFrom(state: Int32Array, hashedBytes: number, tail: Uint8Array): Sha256 {
  const pending = new Uint8Array(2 * BLOCK_BYTES) // the padding of the last block may need a second one
  pending.set(tail)
  let total = hashedBytes
  return {
    get bytes() {
      return total
    },
    update(bytes) {
      const held = total % BLOCK_BYTES
      const first = held === 0 ? 0 : Math.min(bytes.length, BLOCK_BYTES - held)
      pending.set(bytes.subarray(0, first), held)
      if (held > 0 && held + first === BLOCK_BYTES) compress(state, pending, 0, BLOCK_BYTES)
      const end = bytes.length - ((bytes.length - first) % BLOCK_BYTES)
      compress(state, bytes, first, end)
      if (end > first || held + first === BLOCK_BYTES || held === 0) pending.set(bytes.subarray(end), 0)
      total += bytes.length
    },
    digest() {
      const held = total % BLOCK_BYTES
      const last = pending.slice(0, held < 56 ? BLOCK_BYTES : 2 * BLOCK_BYTES).fill(0, held)
      last[held] = 0x80
      for (let at = 0, rest = total * 8; at < 8; at++, rest = Math.floor(rest / 256))
        last[last.length - 1 - at] = rest % 256
      const final = state.slice()
      compress(final, last, 0, last.length)
      return toWords(final)
    },
    save: () => `${toWords(state)}-${total}-${toHex(pending.subarray(0, total % BLOCK_BYTES))}`,
  }
}

/**
 * The message schedule of the block being compressed. Shared by all hashes: nothing is kept between blocks.
 */
const schedule = new Int32Array(64)

/** Compresses the whole blocks of `bytes` from `start` to `end` into `state`. */
function compress(state: Int32Array, bytes: Uint8Array, start: number, end: number): void {
  for (let at = start; at < end; at += BLOCK_BYTES) {
    fillSchedule(schedule, bytes, at)
    compressBlock(state, schedule)
  }
}

// The casts replace `?? 0` defaults, which would halve the speed.
function fillSchedule(w: Int32Array, bytes: Uint8Array, start: number): void {
  for (let i = 0, at = start; i < 16; i++, at += 4) {
    const high = ((bytes[at] as number) << 24) | ((bytes[at + 1] as number) << 16)
    w[i] = high | ((bytes[at + 2] as number) << 8) | (bytes[at + 3] as number)
  }
  for (let i = 16; i < 64; i++) {
    const x = w[i - 15] as number
    const y = w[i - 2] as number
    const sigma0 = ((x >>> 7) | (x << 25)) ^ ((x >>> 18) | (x << 14)) ^ (x >>> 3)
    const sigma1 = ((y >>> 17) | (y << 15)) ^ ((y >>> 19) | (y << 13)) ^ (y >>> 10)
    w[i] = ((w[i - 16] as number) + (w[i - 7] as number) + sigma0 + sigma1) | 0
  }
}

/**
 * The 64 rounds of a block. Four are unrolled, each with the variables rotated by one: moving eight variables
 * in every round costs two thirds of the speed, and with eight unrolled V8 no longer inlines the round
 * functions. Swapping through an array costs half.
 */
function compressBlock(state: Int32Array, w: Int32Array): void {
  let a = state[0] as number
  let b = state[1] as number
  let c = state[2] as number
  let d = state[3] as number
  let e = state[4] as number
  let f = state[5] as number
  let g = state[6] as number
  let h = state[7] as number
  for (let i = 0; i < 64; i += 4) {
    h = temp1(e, f, g, h + (ROUND_CONSTANTS[i] as number) + (w[i] as number))
    d = (d + h) | 0
    h = temp1PlusTemp2(a, b, c, h)
    g = temp1(d, e, f, g + (ROUND_CONSTANTS[i + 1] as number) + (w[i + 1] as number))
    c = (c + g) | 0
    g = temp1PlusTemp2(h, a, b, g)
    f = temp1(c, d, e, f + (ROUND_CONSTANTS[i + 2] as number) + (w[i + 2] as number))
    b = (b + f) | 0
    f = temp1PlusTemp2(g, h, a, f)
    e = temp1(b, c, d, e + (ROUND_CONSTANTS[i + 3] as number) + (w[i + 3] as number))
    a = (a + e) | 0
    e = temp1PlusTemp2(f, g, h, e)
    const a4 = a
    a = e
    e = a4
    const b4 = b
    b = f
    f = b4
    const c4 = c
    c = g
    g = c4
    const d4 = d
    d = h
    h = d4
  }
  state[0] = (state[0] as number) + a
  state[1] = (state[1] as number) + b
  state[2] = (state[2] as number) + c
  state[3] = (state[3] as number) + d
  state[4] = (state[4] as number) + e
  state[5] = (state[5] as number) + f
  state[6] = (state[6] as number) + g
  state[7] = (state[7] as number) + h
}

/** T1 of FIPS 180-4, added to `d`. `add` is h + K + W; the sum is exact in f64. */
function temp1(e: number, f: number, g: number, add: number): number {
  const rotations = ((e >>> 6) | (e << 26)) ^ ((e >>> 11) | (e << 21)) ^ ((e >>> 25) | (e << 7))
  return (rotations + (g ^ (e & (f ^ g))) + add) | 0
}

/** T1 + T2 of FIPS 180-4: the new `a`. */
function temp1PlusTemp2(a: number, b: number, c: number, mixed: number): number {
  const rotations = ((a >>> 2) | (a << 30)) ^ ((a >>> 13) | (a << 19)) ^ ((a >>> 22) | (a << 10))
  return (mixed + rotations + ((a & b) ^ (c & (a ^ b)))) | 0
}

function toHex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('')
}

function fromHex(hex: string): Uint8Array {
  return Uint8Array.from({ length: hex.length / 2 }, (_, at) =>
    Number.parseInt(hex.slice(2 * at, 2 * at + 2), 16),
  )
}

function toWords(state: Int32Array): string {
  return Array.from(state, (word) => (word >>> 0).toString(16).padStart(8, '0')).join('')
}
