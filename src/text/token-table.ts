// Finds tokens by their text: a hash table over parts of strings, so that a lookup allocates nothing and a
// vocabulary of 150,000 tokens is ready in some ten milliseconds.

// What the table holds of each entry, side by side because a lookup reads all of it.
const HASH = 0
const NEXT = 1 // the next entry of the chain plus 1, 0 at its end
const ID = 2
const START = 3 // of its text in `codes`; it ends where the next one starts
const STRIDE = 4

/** Texts and their ids. Chained, with secret random hash parameters: no file can make its texts collide. */
export class TokenTable {
  readonly #codes: Uint16Array // all texts, one after another
  readonly #entries: Int32Array
  readonly #heads: Int32Array // first entry of a chain plus 1, by the upper bits of the hash
  readonly #shift: number
  readonly #seed = randomWord()
  readonly #factor = randomWord() | 1

  /** @param texts different texts; `ids[i]` is the id of `texts[i]` */
  constructor(texts: readonly string[], ids: ArrayLike<number>) {
    const bits = Math.ceil(Math.log2(texts.length + 1)) + 1 // one or two places for each text
    const entries = new Int32Array(STRIDE * (texts.length + 1))
    const heads = new Int32Array(1 << bits)
    const shift = 32 - bits
    const codes = new Uint16Array(texts.reduce((sum, { length }) => sum + length, 0))
    let end = 0
    for (let at = 0; at < texts.length; at++) {
      const text = texts[at] ?? ''
      const entry = STRIDE * at
      let hash = this.#seed
      for (let i = 0; i < text.length; i++) {
        const code = text.charCodeAt(i)
        codes[end++] = code
        hash = Math.imul(hash ^ code, this.#factor)
      }
      const head = hash >>> shift
      entries[entry + HASH] = hash
      entries[entry + NEXT] = heads[head] ?? 0
      entries[entry + ID] = ids[at] ?? -1
      entries[entry + STRIDE + START] = end
      heads[head] = at + 1
    }
    this.#codes = codes
    this.#entries = entries
    this.#heads = heads
    this.#shift = shift
  }

  /** The id of text[from, to); -1 if it is no token. */
  find(text: string, from = 0, to = text.length): number {
    return this.idOf(this.entryOf(text, from, to))
  }

  /** The id of an entry; -1 for the entry -1. */
  idOf(entry: number): number {
    return entry < 0 ? -1 : (this.#entries[STRIDE * entry + ID] ?? -1)
  }

  /** The entry of text[from, to), its index in the list of texts; -1 if it is no token. */
  entryOf(text: string, from = 0, to = text.length): number {
    const factor = this.#factor
    const codes = this.#codes
    let hash = this.#seed
    for (let at = from; at < to; at++) hash = Math.imul(hash ^ text.charCodeAt(at), factor)
    let entry = this.#next(hash, to - from, -1)
    for (; entry >= 0; entry = this.#next(hash, to - from, entry)) {
      let place = this.#start(entry)
      let at = from
      while (at < to && codes[place] === text.charCodeAt(at)) {
        at++
        place++
      }
      if (at === to) return entry
    }
    return -1
  }

  /** The entry of the joined texts of two entries; -1 if that is no token. */
  joinedEntryOf(left: number, right: number): number {
    const leftStart = this.#start(left)
    const leftLength = this.#start(left + 1) - leftStart
    const rightStart = this.#start(right)
    const rightLength = this.#start(right + 1) - rightStart
    const length = leftLength + rightLength
    const hash = this.#hash(rightStart, rightLength, this.#hash(leftStart, leftLength, this.#seed))
    let entry = this.#next(hash, length, -1)
    for (; entry >= 0; entry = this.#next(hash, length, entry)) {
      const place = this.#start(entry)
      if (this.#same(place, leftStart, leftLength) && this.#same(place + leftLength, rightStart, rightLength))
        return entry
    }
    return -1
  }

  #start(entry: number): number {
    return this.#entries[STRIDE * entry + START] ?? 0
  }

  #hash(start: number, length: number, begin: number): number {
    let hash = begin
    for (let at = start; at < start + length; at++)
      hash = Math.imul(hash ^ (this.#codes[at] ?? 0), this.#factor)
    return hash
  }

  /** Whether the codes at two places are the same. */
  #same(place: number, other: number, length: number): boolean {
    const codes = this.#codes
    for (let at = 0; at < length; at++) if (codes[place + at] !== codes[other + at]) return false
    return true
  }

  /** The next entry after `entry` of this hash and length; the first after -1; -1 if there is none. */
  #next(hash: number, length: number, entry: number): number {
    const entries = this.#entries
    const first = entry < 0 ? this.#heads[hash >>> this.#shift] : entries[STRIDE * entry + NEXT]
    for (let next = (first ?? 0) - 1; next >= 0; next = (entries[STRIDE * next + NEXT] ?? 0) - 1) {
      const isSame = entries[STRIDE * next + HASH] === hash
      if (isSame && this.#start(next + 1) - this.#start(next) === length) return next
    }
    return -1
  }
}

/** 32 random bits, for hash parameters. */
export const randomWord = () => Math.floor(Math.random() * 2 ** 32) | 0
