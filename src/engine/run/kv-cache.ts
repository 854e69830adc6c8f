// Page table of the KV cache: 64-token pages with reference counts, one growing buffer per layer.
import { type Allocation, allocatedBytes } from '../../gpu/arena.ts'
import type { Device } from '../../gpu/device.ts'
import { chooseDispatchSizes } from '../../gpu/dispatch-sizes.ts'
import type { Capabilities } from '../../gpu/limits.ts'
import { assert, expectDefined, HadalError } from '../../lib/error.ts'
import { type CacheLayout, cachedLayers, kvEntryBytes } from '../../models/cache-layout.ts'
import type { ModelSpec } from '../../models/spec.ts'

/** Tokens of a page. shaders/shared/pages.wgsl repeats the number. */
export const PAGE_TOKENS = 64

/** Cached tokens per split of decode attention: whole pages, for at most as many splits as the device has. */
export const splitTokens = (context: number, { software }: Pick<Capabilities, 'software'>): number =>
  Math.ceil(context / chooseDispatchSizes({ software }).contextSplits / PAGE_TOKENS) * PAGE_TOKENS

/** Sizes of the cache on a device: one buffer of pages for each layer. */
export interface KvCacheSizes {
  readonly layers: number
  readonly pageBytes: number
  /** The most pages of a layer's buffer under the device's limits. */
  readonly maxPages: number
}

export function kvCacheSizes(
  spec: ModelSpec,
  layout: CacheLayout,
  limits: Pick<Capabilities, 'maxBindingBytes' | 'maxBufferBytes'>,
): KvCacheSizes {
  const pageBytes = PAGE_TOKENS * kvEntryBytes(spec.attention, layout)
  const maxPages = Math.floor(Math.min(limits.maxBindingBytes, limits.maxBufferBytes) / pageBytes)
  return { layers: cachedLayers(spec), pageBytes, maxPages }
}

/** GPU bytes of a cache of `pages` pages over all layers. A new cache has one page. */
export const kvCacheBytes = ({ layers, pageBytes }: KvCacheSizes, pages: number): number =>
  layers * allocatedBytes(pages * pageBytes)

/** Pages of all layers. Page p holds the same tokens in every layer. */
export class KvCache {
  readonly #device: Device
  /** Bytes of a page in one layer. */
  readonly pageBytes: number
  readonly #maxPages: number
  readonly #layers: Allocation[]
  readonly #refCounts: number[] = [] // by page; 0 = free
  /** Called after the buffers were replaced: bind groups must be created again. */
  readonly onGrow = new Set<() => void>()

  constructor(device: Device, { layers, pageBytes, maxPages }: KvCacheSizes) {
    this.#device = device
    this.pageBytes = pageBytes
    this.#maxPages = maxPages
    this.#layers = Array.from({ length: layers }, (_, layer) => this.#allocate(layer, 1))
    this.#refCounts.push(0)
  }

  /** The buffer of a layer: [pages, 64, KV entry]. It is replaced when the cache grows. */
  buffer(layer: number): GPUBuffer {
    return expectDefined(this.#layers[layer], `the cache of layer ${layer}`).buffer
  }

  /** The buffers of all layers. */
  get buffers(): GPUBuffer[] {
    return this.#layers.map(({ buffer }) => buffer)
  }

  /** The most tokens that fit under the device's limits. */
  get maxTokens(): number {
    return this.#maxPages * PAGE_TOKENS
  }

  /** Bytes of `pages` pages over all layers. */
  bytesOf(pages: number): number {
    return pages * this.pageBytes * this.#layers.length
  }

  /** Allocates `count` pages and grows the cache if too few are free. Throws as `ensure`. */
  async allocate(count: number): Promise<number[]> {
    await this.ensure(this.used + count)
    const free = this.#refCounts.flatMap((references, page) => (references === 0 ? [page] : []))
    const pages = free.slice(0, count)
    for (const page of pages) this.#refCounts[page] = 1
    return pages
  }

  /**
   * Grows the cache to at least `pages` pages. Growing copies the old ones on the GPU.
   * Throws `context_full` beyond the device's limits and `out_of_memory` when the GPU refuses.
   */
  async ensure(pages: number): Promise<void> {
    if (pages > this.#refCounts.length) await this.#grow(pages)
  }

  /** Increments the reference count of each page. */
  retain(pages: readonly number[]): void {
    for (const page of pages) this.#refCounts[page] = this.refCountOf(page) + 1
  }

  /** Decrements the reference count of each page. */
  release(pages: readonly number[]): void {
    for (const page of pages) {
      assert(this.refCountOf(page) > 0, `page ${page} was released too often`)
      this.#refCounts[page] = this.refCountOf(page) - 1
    }
  }

  /** How many sessions hold a page. */
  refCountOf(page: number): number {
    return this.#refCounts[page] ?? 0
  }

  /** Pages, in use or free. */
  get pages(): number {
    return this.#refCounts.length
  }

  /** Pages in use. */
  get used(): number {
    return this.#refCounts.reduce((used, count) => used + (count > 0 ? 1 : 0), 0)
  }

  /**
   * Copies pages in every layer; when `into` is longer than `sources`, the sources repeat. The copy goes
   * through a staging buffer because WebGPU cannot copy within one buffer.
   */
  copy(sources: readonly number[], into: readonly number[]): void {
    const bytes = this.pageBytes
    const staging = this.#device.arena.allocate('staging', 'pages', bytes * sources.length)
    this.#submitPerLayer((encoder, { buffer }) => {
      sources.forEach((page, i) => {
        encoder.copyBufferToBuffer(buffer, page * bytes, staging.buffer, i * bytes, bytes)
      })
      into.forEach((page, i) => {
        const from = (i % sources.length) * bytes
        encoder.copyBufferToBuffer(staging.buffer, from, buffer, page * bytes, bytes)
      })
    })
    staging.free()
  }

  /** Frees every buffer. */
  destroy(): void {
    for (const layer of this.#layers) layer.free()
  }

  /** One submission for each layer keeps them short in large caches. */
  #submitPerLayer(encode: (encoder: GPUCommandEncoder, old: Allocation, layer: number) => void): void {
    const { gpu } = this.#device
    this.#layers.forEach((old, layer) => {
      const encoder = gpu.createCommandEncoder()
      encode(encoder, old, layer)
      gpu.queue.submit([encoder.finish()])
    })
  }

  #allocate(layer: number, pages: number): Allocation {
    return this.#device.arena.allocate('kv_cache', `layer ${layer}`, pages * this.pageBytes)
  }

  async #grow(pages: number): Promise<void> {
    if (pages > this.#maxPages) {
      throw new HadalError(
        'context_full',
        `The KV cache cannot hold ${pages * PAGE_TOKENS} tokens: this device allows ${this.maxTokens}.`,
        {
          hint: 'Start a new chat, or ask for a shorter answer.',
        },
      )
    }
    // Only allocate inside the guard: out-of-memory surfaces when it closes. Until then, keep the old cache.
    const larger = await this.#device.arena.guard(`a KV cache of ${pages * PAGE_TOKENS} tokens`, async () =>
      this.#layers.map((_, layer) => this.#allocate(layer, pages)),
    )
    const bytes = this.#refCounts.length * this.pageBytes
    this.#submitPerLayer((encoder, old, layer) => {
      const into = expectDefined(larger[layer], `the larger cache of layer ${layer}`)
      encoder.copyBufferToBuffer(old.buffer, 0, into.buffer, 0, bytes)
    })
    for (const old of this.#layers.splice(0, larger.length, ...larger)) old.free()
    while (this.#refCounts.length < pages) this.#refCounts.push(0)
    for (const rebind of this.onGrow) rebind()
  }
}
