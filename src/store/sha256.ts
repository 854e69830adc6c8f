// Answers: what is the SHA-256 of bytes that come in pieces, over hours and restarts? The browser's own hash wants them all at once.
// It must not know where the bytes lie or what they are compared with.

/** A hash under way. Its whole state is a short text, so that it can go on in another process. */
export interface Sha256 {
  /** How many bytes it has taken so far. */
  readonly bytes: number
  update(bytes: Uint8Array): void
  /** The hash of all bytes so far, 64 lower-case hex digits; more bytes may follow. */
  digest(): string
  /** The state as ASCII text of at most 210 characters: see `resumeSha256`. */
  save(): string
}

const blockBytes = 64

// The constants of FIPS 180-4: the first 32 bits of the fractional parts of the cube roots and square roots of primes.
const primes = firstPrimes(64)
const roundConstants = Int32Array.from(primes, (prime) => fraction(Math.cbrt(prime)))
const initial = Int32Array.from(primes.slice(0, 8), (prime) => fraction(Math.sqrt(prime)))

function firstPrimes(count: number): number[] {
  const found: number[] = []
  for (let n = 2; found.length < count; n++) {
    if (found.every((prime) => n % prime !== 0)) found.push(n)
  }
  return found
}

function fraction(root: number): number {
  return Math.floor((root - Math.floor(root)) * 2 ** 32) | 0
}

/** A hash that has taken nothing yet. */
export function createSha256(): Sha256 {
  return hashFrom(initial.slice(), 0, new Uint8Array(0))
}

/** The hash that `save` described, or nothing when the text describes none. */
export function resumeSha256(saved: string): Sha256 | undefined {
  const parts = /^([0-9a-f]{64})-(\d{1,16})-((?:[0-9a-f]{2}){0,63})$/.exec(saved)
  const [, words = '', count = '', tail = ''] = parts ?? []
  const bytes = Number(count)
  if (!parts || !Number.isSafeInteger(bytes) || bytes % blockBytes !== tail.length / 2) return undefined
  const state = Int32Array.from({ length: 8 }, (_, at) =>
    Number.parseInt(words.slice(8 * at, 8 * at + 8), 16),
  )
  return hashFrom(state, bytes, fromHex(tail))
}

/** The SHA-256 of bytes that are all there, 64 lower-case hex digits. */
export function sha256(bytes: Uint8Array): string {
  const hash = createSha256()
  hash.update(bytes)
  return hash.digest()
}

function hashFrom(state: Int32Array, taken: number, tail: Uint8Array): Sha256 {
  const schedule = new Int32Array(64)
  const pending = new Uint8Array(2 * blockBytes) // room for the padding of a last block that overflows into another
  pending.set(tail)
  let total = taken
  return {
    get bytes() {
      return total
    },
    update(bytes) {
      const held = total % blockBytes
      const first = held === 0 ? 0 : Math.min(bytes.length, blockBytes - held)
      pending.set(bytes.subarray(0, first), held)
      if (held > 0 && held + first === blockBytes) compress(state, schedule, pending, 0, blockBytes)
      const end = bytes.length - ((bytes.length - first) % blockBytes)
      compress(state, schedule, bytes, first, end)
      if (end > first || held + first === blockBytes || held === 0) pending.set(bytes.subarray(end), 0)
      total += bytes.length
    },
    digest() {
      const held = total % blockBytes
      const last = pending.slice(0, held < 56 ? blockBytes : 2 * blockBytes).fill(0, held)
      last[held] = 0x80
      for (let at = 0, rest = total * 8; at < 8; at++, rest = Math.floor(rest / 256))
        last[last.length - 1 - at] = rest % 256
      const final = state.slice()
      compress(final, schedule, last, 0, last.length)
      return toWords(final)
    },
    save: () => `${toWords(state)}-${total}-${toHex(pending.subarray(0, total % blockBytes))}`,
  }
}

/** Takes the whole blocks of `bytes` from `start` to `end` into `state`. */
function compress(state: Int32Array, w: Int32Array, bytes: Uint8Array, start: number, end: number): void {
  for (let at = start; at < end; at += blockBytes) {
    fillSchedule(w, bytes, at)
    takeBlock(state, w)
  }
}

// A default for an element that cannot be missing would halve the speed, hence the casts.
function fillSchedule(w: Int32Array, bytes: Uint8Array, start: number): void {
  for (let i = 0, at = start; i < 16; i++, at += 4) {
    const high = ((bytes[at] as number) << 24) | ((bytes[at + 1] as number) << 16)
    w[i] = high | ((bytes[at + 2] as number) << 8) | (bytes[at + 3] as number)
  }
  for (let i = 16; i < 64; i++) {
    const x = w[i - 15] as number
    const y = w[i - 2] as number
    const near = ((x >>> 7) | (x << 25)) ^ ((x >>> 18) | (x << 14)) ^ (x >>> 3)
    const far = ((y >>> 17) | (y << 15)) ^ ((y >>> 19) | (y << 13)) ^ (y >>> 10)
    w[i] = ((w[i - 16] as number) + (w[i - 7] as number) + near + far) | 0
  }
}

/**
 * The 64 rounds of a block. Four are written out, each with the names one place further on: moving eight variables every
 * round costs two thirds of the speed, and with eight written out V8 no longer inlines the halves. Swapping through an
 * array costs half.
 */
function takeBlock(state: Int32Array, w: Int32Array): void {
  let a = state[0] as number
  let b = state[1] as number
  let c = state[2] as number
  let d = state[3] as number
  let e = state[4] as number
  let f = state[5] as number
  let g = state[6] as number
  let h = state[7] as number
  for (let i = 0; i < 64; i += 4) {
    h = mix(e, f, g, h, (roundConstants[i] as number) + (w[i] as number))
    d = (d + h) | 0
    h = join(a, b, c, h)
    g = mix(d, e, f, g, (roundConstants[i + 1] as number) + (w[i + 1] as number))
    c = (c + g) | 0
    g = join(h, a, b, g)
    f = mix(c, d, e, f, (roundConstants[i + 2] as number) + (w[i + 2] as number))
    b = (b + f) | 0
    f = join(g, h, a, f)
    e = mix(b, c, d, e, (roundConstants[i + 3] as number) + (w[i + 3] as number))
    a = (a + e) | 0
    e = join(f, g, h, e)
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

/** The first half of a round: what is added to `d`. */
function mix(e: number, f: number, g: number, h: number, add: number): number {
  const turned = ((e >>> 6) | (e << 26)) ^ ((e >>> 11) | (e << 21)) ^ ((e >>> 25) | (e << 7))
  return (h + turned + (g ^ (e & (f ^ g))) + add) | 0
}

/** The second half of a round. */
function join(a: number, b: number, c: number, mixed: number): number {
  const turned = ((a >>> 2) | (a << 30)) ^ ((a >>> 13) | (a << 19)) ^ ((a >>> 22) | (a << 10))
  return (mixed + turned + ((a & b) ^ (c & (a ^ b)))) | 0
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
