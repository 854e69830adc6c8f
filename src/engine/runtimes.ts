// Answers: which runtime serves a session? One for each form of the KV cache, made when a session of that form is first opened.
// It must not know what sessions are for.
import { HadalError } from '../lib/error.ts'
import type { CacheForm, CacheKind } from '../models/cache-form.ts'
import type { Runtime } from './runtime.ts'
import type { Session } from './session.ts'

export class Runtimes {
  /** The one that was made with the model. */
  readonly own: Runtime
  readonly #others = new Map<CacheKind, Promise<Runtime>>()
  readonly #made = new Set<Runtime>()

  constructor(own: Runtime) {
    this.own = own
    this.#made.add(own)
  }

  has = (kind: CacheKind = this.own.options.cache.kind): boolean =>
    kind === this.own.options.cache.kind || this.#others.has(kind)

  /** Throws as `Runtime.sibling`. */
  async open(kind: CacheKind = this.own.options.cache.kind): Promise<Runtime> {
    if (kind === this.own.options.cache.kind) return this.own
    const known = this.#others.get(kind)
    if (known) return known
    const making = this.#make({ ...this.own.options.cache, kind })
    this.#others.set(kind, making)
    making.catch(() => this.#others.delete(kind))
    return making
  }

  /** Throws `bad_request` for a session whose cache was closed. */
  of({ cache }: Session): Runtime {
    for (const runtime of this.#made) if (runtime.cache === cache) return runtime
    throw new HadalError('bad_request', 'The cache of this session was closed.')
  }

  /** Frees the cache of a form and its programs. Throws `bad_request` while sessions have pages there, and for the model's own. */
  async close(kind: CacheKind): Promise<void> {
    const runtime = await (kind === this.own.options.cache.kind ? this.own : this.#others.get(kind))
    if (!runtime) return
    if (runtime === this.own || runtime.cache.inUse) {
      throw new HadalError('bad_request', `The cache "${kind}" is in use.`, {
        hint: 'Close its sessions first. The cache that the model was loaded with goes with the model.',
      })
    }
    this.#others.delete(kind)
    this.#made.delete(runtime)
    runtime.destroy()
  }

  async #make(cache: CacheForm): Promise<Runtime> {
    const runtime = await this.own.sibling({ cache })
    this.#made.add(runtime)
    return runtime
  }
}
