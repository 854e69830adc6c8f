// Keeps the keys and values of recent conversations, so that a prompt prefills only what none of them has.
import type { KvCache } from './kv-cache.ts'
import { pagesFor, Session } from './session.ts'

/** Makes room in the cache for a session that grows. */
export interface SessionRoom {
  /** Makes sure that a session can grow by `count` tokens. Throws `context_full` and `out_of_memory`. */
  ensure(session: Session, count: number): Promise<void>
  /** Reserves the pages of `count` more tokens. */
  reserve(session: Session, count: number): Promise<void>
}

/** The room of a session of the caller's own: nothing is evicted for it. */
export const OWN_ROOM: SessionRoom = {
  ensure: (session, count) => session.reserve(count),
  reserve: (session, count) => session.reserve(count),
}

/**
 * Sessions that no request uses at present. Those unused for longest go first where they and what runs take
 * more than a budget of pages; the latest one always stays.
 */
export class PrefixCache implements SessionRoom {
  readonly #cache: KvCache
  readonly #maxPages: number
  readonly #idle: Session[] = [] // the one unused for longest first

  /** @param maxPages pages of the KV cache that may stay in use between requests */
  constructor(cache: KvCache, maxPages: number) {
    this.#cache = cache
    this.#maxPages = maxPages
  }

  /** The session that has most of the first of these ids, and how many; undefined if none has any. */
  find(ids: readonly number[]): { readonly session: Session | undefined; readonly cached: number } {
    const lengths = this.#idle.map((session) => session.commonPrefix(ids))
    const cached = Math.max(0, ...lengths)
    return { session: cached > 0 ? this.#idle[lengths.lastIndexOf(cached)] : undefined, cached }
  }

  /**
   * A session with the longest cached prefix of these ids. It is the caller's until it is put back. A
   * conversation that goes on is continued; one that took another way from here keeps what it has, and shares
   * the pages of the prefix.
   */
  take(ids: readonly number[]): Session {
    const { session, cached } = this.find(ids)
    if (!session) return new Session(this.#cache)
    this.#idle.splice(this.#idle.indexOf(session), 1)
    if (cached === session.length) return session
    this.#idle.push(session)
    const fork = session.fork()
    fork.rewind(cached)
    return fork
  }

  /**
   * Grows the cache within the budget, so that recent conversations stay, and beyond it only as far as this
   * session alone needs: the others can be evicted as it grows.
   * @param extra pages that its forks need besides
   */
  async ensure(session: Session, count: number, extra = 0): Promise<void> {
    const { used } = this.#cache
    const alone = used - this.#pagesOfOnly([...this.#idle, session]) + pagesFor(session.length + count)
    const missing = session.missingPages(count) + extra
    await this.#cache.ensure(Math.max(alone + extra, Math.min(used + missing, this.#maxPages)))
  }

  /** Evicts other conversations where the cache has no free pages and may not grow. */
  async reserve(session: Session, count: number): Promise<void> {
    const limit = Math.max(this.#cache.pages, this.#maxPages)
    // What is missing shrinks where the last page was shared with one that is evicted.
    const isShort = () => this.#cache.used + session.missingPages(count) > limit
    while (isShort() && this.#evict());
    await session.reserve(count)
  }

  /** Keeps a session for later requests, as the one used last. */
  put(session: Session): void {
    for (const other of [...this.#idle]) {
      if (session.commonPrefix(other.tokens) < other.length) continue
      this.#idle.splice(this.#idle.indexOf(other), 1) // all that it has, this one has too
      other.close()
    }
    if (session.length > 0) this.#idle.push(session)
    else session.close()
    while (this.#cache.used > this.#maxPages && this.#idle.length > 1) this.#evict()
  }

  /** Drops the session unused for longest; false if there is none. */
  #evict(): boolean {
    const session = this.#idle.shift()
    session?.close()
    return session !== undefined
  }

  /** Pages that no session but these holds. */
  #pagesOfOnly(sessions: readonly Session[]): number {
    const holders = new Map<number, number>()
    for (const { pages } of sessions)
      for (const page of pages) holders.set(page, (holders.get(page) ?? 0) + 1)
    return [...holders].filter(([page, count]) => count === this.#cache.refCountOf(page)).length
  }
}
