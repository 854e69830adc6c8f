// Sessions of the KV cache: the tokens of a conversation and their pages, with append, rewind and fork.
import { assert } from '../../lib/error.ts'
import { type KvCache, PAGE_TOKENS } from './kv-cache.ts'

/** A sequence of tokens whose keys and values are cached. Forks share pages until one of them writes. */
export class Session {
  /** The cache that holds its pages. */
  readonly cache: KvCache
  readonly #tokens: number[] = []
  readonly #pages: number[] = []

  constructor(cache: KvCache) {
    this.cache = cache
  }

  /** The cached token ids, in order. */
  get tokens(): readonly number[] {
    return this.#tokens
  }

  get length(): number {
    return this.#tokens.length
  }

  /** The page table: the physical page of each 64 tokens. Reserved pages may follow those in use. */
  get pages(): readonly number[] {
    return this.#pages
  }

  /** Bytes over all layers of the pages that hold tokens. */
  get bytes(): number {
    return this.cache.bytesOf(pagesFor(this.length))
  }

  /** How many of the first ids are already cached. */
  commonPrefix(ids: readonly number[]): number {
    const end = Math.min(ids.length, this.length)
    let same = 0
    while (same < end && ids[same] === this.#tokens[same]) same++
    return same
  }

  /** Reserves pages for `count` more tokens and copies the page they start on if it is shared with a fork. */
  async reserve(count: number): Promise<void> {
    const shared = this.#sharedLastPage()
    if (shared !== undefined) {
      const [copy = 0] = await this.cache.allocate(1)
      this.cache.copy([shared], [copy])
      this.cache.release([shared])
      this.#pages[this.#pages.indexOf(shared)] = copy
    }
    const missing = this.missingPages(count)
    if (missing > 0) this.#pages.push(...(await this.cache.allocate(missing)))
  }

  /** Pages that `count` more tokens need beside those that the session has. */
  missingPages(count: number): number {
    const copied = this.#sharedLastPage() === undefined ? 0 : 1
    return Math.max(0, pagesFor(this.length + count) - this.#pages.length) + copied
  }

  /** The page that the next token goes to, if tokens of a fork are on it too. */
  #sharedLastPage(): number | undefined {
    if (this.length % PAGE_TOKENS === 0) return undefined
    const last = this.#pages[Math.floor(this.length / PAGE_TOKENS)]
    return last !== undefined && this.cache.refCountOf(last) > 1 ? last : undefined
  }

  /** Records that these ids are now cached. Their pages must be reserved. */
  append(ids: readonly number[]): void {
    assert(pagesFor(this.length + ids.length) <= this.#pages.length, 'a session grew beyond its pages')
    for (const id of ids) this.#tokens.push(id)
  }

  /** Drops all tokens after the first `length` and releases their pages. */
  rewind(length: number): void {
    assert(
      length >= 0 && length <= this.length,
      `a session of ${this.length} tokens cannot be rewound to ${length}`,
    )
    this.#tokens.length = length
    this.cache.release(this.#pages.splice(pagesFor(length)))
  }

  /**
   * A new session with the same tokens. Both share all pages; a partly filled last page is copied on write.
   */
  fork(): Session {
    const twin = new Session(this.cache)
    const used = this.#pages.slice(0, pagesFor(this.length))
    this.cache.retain(used)
    twin.#pages.push(...used)
    twin.#tokens.push(...this.#tokens)
    return twin
  }

  /** Releases all pages. */
  close(): void {
    this.#tokens.length = 0
    this.cache.release(this.#pages.splice(0))
  }
}

/** Pages needed for this many tokens. */
export const pagesFor = (tokens: number): number => Math.ceil(tokens / PAGE_TOKENS)
