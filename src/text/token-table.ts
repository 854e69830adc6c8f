// Finds tokens by their text: a hash table over parts of strings, so that a lookup allocates nothing and a
// vocabulary of 150,000 tokens is ready in some ten milliseconds.

// What the table holds of each entry, side by side because a lookup reads all of it.
const HASH = 0
const NEXT = 1 // the next entry of the chain plus 1, 0 at its end
const ID = 2
const STRIDE = 4

/** Texts and their ids. Chained, with secret random hash parameters: no file can make its texts collide. */
export class TokenTable {
  readonly #texts: readonly string[]
  readonly #entries: Int32Array
  readonly #heads: Int32Array // first entry of a chain plus 1, by the upper bits of the hash
  readonly #shift: number
  readonly #seed = randomWord()
  readonly #factor = randomWord() | 1

  /** @param texts different texts; `ids[i]` is the id of `texts[i]` */
  constructor(texts: readonly string[], ids: readonly number[]) {
    const bits = Math.max(1, Math.ceil(Math.log2(texts.length + 1)))
    const entries = new Int32Array(STRIDE * texts.length)
    const heads = new Int32Array(1 << bits)
    this.#texts = texts
    this.#entries = entries
    this.#heads = heads
    this.#shift = 32 - bits
    for (let at = 0; at < texts.length; at++) {
      const text = texts[at] ?? ''
      const hash = this.#hash(text, 0, text.length, this.#seed)
      const head = hash >>> this.#shift
      entries[STRIDE * at + HASH] = hash
      entries[STRIDE * at + NEXT] = heads[head] ?? 0
      entries[STRIDE * at + ID] = ids[at] ?? -1
      heads[head] = at + 1
    }
  }

  /** The id of text[from, to); -1 if it is no token. */
  find(text: string, from = 0, to = text.length): number {
    const hash = this.#hash(text, from, to, this.#seed)
    const entries = this.#entries
    for (let next = this.#heads[hash >>> this.#shift] ?? 0; next > 0; ) {
      const entry = STRIDE * (next - 1)
      if (entries[entry + HASH] === hash) {
        const token = this.#texts[next - 1] ?? ''
        if (token.length === to - from && isAt(token, 0, text, from, to)) return entries[entry + ID] ?? -1
      }
      next = entries[entry + NEXT] ?? 0
    }
    return -1
  }

  /** The id of two texts joined; -1 if that is no token. */
  findJoined(left: string, right: string): number {
    const hash = this.#hash(right, 0, right.length, this.#hash(left, 0, left.length, this.#seed))
    const entries = this.#entries
    for (let next = this.#heads[hash >>> this.#shift] ?? 0; next > 0; ) {
      const entry = STRIDE * (next - 1)
      if (entries[entry + HASH] === hash && isJoined(this.#texts[next - 1] ?? '', left, right))
        return entries[entry + ID] ?? -1
      next = entries[entry + NEXT] ?? 0
    }
    return -1
  }

  #hash(text: string, from: number, to: number, start: number): number {
    let hash = start
    for (let at = from; at < to; at++) hash = Math.imul(hash ^ text.charCodeAt(at), this.#factor)
    return hash
  }
}

const randomWord = () => Math.floor(Math.random() * 2 ** 32) | 0

/** Whether text[from, to) is in the token at this offset. */
function isAt(token: string, offset: number, text: string, from: number, to: number): boolean {
  for (let at = from; at < to; at++)
    if (token.charCodeAt(offset + at - from) !== text.charCodeAt(at)) return false
  return true
}

/** Whether a text consists of two others. */
export const isJoined = (text: string, left: string, right: string): boolean =>
  text.length === left.length + right.length &&
  isAt(text, 0, left, 0, left.length) &&
  isAt(text, left.length, right, 0, right.length)
