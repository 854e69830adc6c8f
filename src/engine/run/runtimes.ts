// Keeps one runtime per KV cache layout, created when the first session with that layout is opened.
import { HadalError } from '../../lib/error.ts'
import type { CacheKind, CacheLayout } from '../../models/cache-layout.ts'
import type { Runtime } from './runtime.ts'
import type { Session } from './session.ts'

export class Runtimes {
  /** The runtime the model was loaded with. */
  readonly default: Runtime
  readonly #others = new Map<CacheKind, Promise<Runtime>>()
  readonly #all = new Set<Runtime>()

  constructor(loaded: Runtime) {
    this.default = loaded
    this.#all.add(loaded)
  }

  has = (kind: CacheKind = this.default.options.cache.kind): boolean =>
    kind === this.default.options.cache.kind || this.#others.has(kind)

  /** The runtime of a cache layout, created if needed. Throws what `Runtime.sibling` throws. */
  async open(kind: CacheKind = this.default.options.cache.kind): Promise<Runtime> {
    if (kind === this.default.options.cache.kind) return this.default
    const known = this.#others.get(kind)
    if (known) return known
    const creating = this.#create({ ...this.default.options.cache, kind })
    this.#others.set(kind, creating)
    creating.catch(() => this.#others.delete(kind))
    return creating
  }

  /** The runtime of a session. Throws `bad_request` if its cache was closed. */
  of({ cache }: Session): Runtime {
    for (const runtime of this.#all) if (runtime.cache === cache) return runtime
    throw new HadalError('bad_request', 'The cache of this session was closed.')
  }

  /**
   * Frees the cache of a layout and its programs.
   * Throws `bad_request` while sessions hold pages in it, and for the cache the model was loaded with.
   */
  async close(kind: CacheKind): Promise<void> {
    const runtime = await (kind === this.default.options.cache.kind ? this.default : this.#others.get(kind))
    if (!runtime) return
    if (runtime === this.default || runtime.cache.used > 0) {
      throw new HadalError('bad_request', `The cache "${kind}" is in use.`, {
        hint: 'Close its sessions first. The cache the model was loaded with is freed with the model.',
      })
    }
    this.#others.delete(kind)
    this.#all.delete(runtime)
    runtime.destroy()
  }

  async #create(cache: CacheLayout): Promise<Runtime> {
    const runtime = await this.default.sibling({ cache })
    this.#all.add(runtime)
    return runtime
  }
}
