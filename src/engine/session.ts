// Answers: which tokens has a conversation put into the KV cache, and on which pages? A session grows, is rewound and forked.
// It must not know what the tokens mean.
import { assert } from '../lib/error.ts'
import { type KvCache, PAGE_TOKENS } from './kv-cache.ts'

/** A sequence of tokens whose keys and values are cached. Forks share full pages. */
export class Session {
  /** Where its pages lie. */
  readonly cache: KvCache
  readonly #tokens: number[] = []
  readonly #pages: number[] = []

  constructor(cache: KvCache) {
    this.cache = cache
  }

  /** Ids in the cache, in order. */
  get tokens(): readonly number[] {
    return this.#tokens
  }

  get length(): number {
    return this.#tokens.length
  }

  /** The page table: physical page of each 64 tokens. May reach beyond `length` where room was reserved. */
  get pages(): readonly number[] {
    return this.#pages
  }

  /** Bytes of the pages that hold tokens, over all layers. */
  get bytes(): number {
    return this.cache.bytesOf(pagesFor(this.length))
  }

  /** How many leading ids of `ids` are in the cache already. */
  commonPrefix(ids: readonly number[]): number {
    const end = Math.min(ids.length, this.length)
    let same = 0
    while (same < end && ids[same] === this.#tokens[same]) same++
    return same
  }

  /** Makes room for `count` more tokens, and makes the page they begin on this session's own. */
  async reserve(count: number): Promise<void> {
    const last = Math.floor(this.length / PAGE_TOKENS)
    const shared = this.#pages[last]
    if (this.length % PAGE_TOKENS !== 0 && shared !== undefined && this.cache.isShared(shared)) {
      const [own = 0] = await this.cache.take(1)
      this.cache.copy([shared], [own])
      this.cache.release([shared])
      this.#pages[last] = own
    }
    const missing = pagesFor(this.length + count) - this.#pages.length
    if (missing > 0) this.#pages.push(...(await this.cache.take(missing)))
  }

  /** Notes that these ids are in the cache now. Room must have been reserved. */
  append(ids: readonly number[]): void {
    assert(pagesFor(this.length + ids.length) <= this.#pages.length, 'a session grew beyond its pages')
    for (const id of ids) this.#tokens.push(id)
  }

  /** Forgets everything after the first `length` tokens, and gives their pages back. */
  rewind(length: number): void {
    assert(
      length >= 0 && length <= this.length,
      `a session of ${this.length} tokens cannot be rewound to ${length}`,
    )
    this.#tokens.length = length
    this.cache.release(this.#pages.splice(pagesFor(length)))
  }

  /** A session with the same tokens that goes its own way: full pages are shared, the last is copied when one of both writes. */
  fork(): Session {
    const twin = new Session(this.cache)
    const used = this.#pages.slice(0, pagesFor(this.length))
    this.cache.share(used)
    twin.#pages.push(...used)
    twin.#tokens.push(...this.#tokens)
    return twin
  }

  /** Gives every page back. */
  close(): void {
    this.#tokens.length = 0
    this.cache.release(this.#pages.splice(0))
  }
}

/** Pages that hold this many tokens. */
export const pagesFor = (tokens: number): number => Math.ceil(tokens / PAGE_TOKENS)
