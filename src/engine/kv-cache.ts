// Answers: which pages of the KV cache belong to whom? Pages of 64 tokens with owners counted, in one buffer a layer that grows on demand.
// It must not know what a model does with them.
import { type Allocation, allocatedBytes } from '../gpu/arena.ts'
import type { Device } from '../gpu/device.ts'
import type { Capabilities } from '../gpu/limits.ts'
import { assert, HadalError, present } from '../lib/error.ts'
import { type CacheForm, recordBytes } from '../models/cache-form.ts'
import type { ModelSpec } from '../models/spec.ts'

/** Tokens of a page; shaders/shared/pages.wgsl has the same number. */
export const PAGE_TOKENS = 64

/** How the cache lies on a device: one buffer of pages for each layer. */
export interface CacheSizes {
  readonly layers: number
  readonly pageBytes: number
  /** Pages that a layer's buffer may have, by the device's limits. */
  readonly maxPages: number
}

export function cacheSizes(
  spec: ModelSpec,
  form: CacheForm,
  limits: Pick<Capabilities, 'maxBindingBytes' | 'maxBufferBytes'>,
): CacheSizes {
  const pageBytes = PAGE_TOKENS * recordBytes(spec.attention, form)
  const maxPages = Math.floor(Math.min(limits.maxBindingBytes, limits.maxBufferBytes) / pageBytes)
  return { layers: spec.layers.length, pageBytes, maxPages }
}

/** Bytes of a cache of `pages` pages. A fresh one has one page. */
export const cacheBytes = ({ layers, pageBytes }: CacheSizes, pages: number): number =>
  layers * allocatedBytes(pages * pageBytes)

/** Pages of all layers. Page p of every layer holds the same tokens. */
export class KvCache {
  readonly #device: Device
  readonly #pageBytes: number
  readonly #maxPages: number
  readonly #layers: Allocation[]
  readonly #owners: number[] = [] // by page; 0 = free
  /** Called after the buffers were replaced: bind groups have to be made anew. */
  onGrow: () => void = () => {}

  constructor(device: Device, { layers, pageBytes, maxPages }: CacheSizes) {
    this.#device = device
    this.#pageBytes = pageBytes
    this.#maxPages = maxPages
    this.#layers = Array.from({ length: layers }, (_, layer) => this.#allocate(layer, 1))
    this.#owners.push(0)
  }

  /** The buffer of a layer: [pages, 64, record]. Changes when the cache grows. */
  buffer(layer: number): GPUBuffer {
    return present(this.#layers[layer], `the cache of layer ${layer}`).buffer
  }

  /** Tokens that fit at most, by the device's limits. */
  get maxTokens(): number {
    return this.#maxPages * PAGE_TOKENS
  }

  /** Bytes of `pages` pages over all layers. */
  bytesOf(pages: number): number {
    return pages * this.#pageBytes * this.#layers.length
  }

  /**
   * Takes `count` pages, growing the cache if too few are free. Growing copies what is there, on the GPU.
   * Throws `context_full` beyond the device's limits, `out_of_memory` when the GPU refuses.
   */
  async take(count: number): Promise<number[]> {
    const free = this.#owners.flatMap((owners, page) => (owners === 0 ? [page] : []))
    if (free.length < count) {
      await this.#grow(this.#owners.length + count - free.length)
      return this.take(count)
    }
    const taken = free.slice(0, count)
    for (const page of taken) this.#owners[page] = 1
    return taken
  }

  /** One more owner for each page. */
  share(pages: readonly number[]): void {
    for (const page of pages) this.#owners[page] = this.#ownersOf(page) + 1
  }

  /** One owner less for each page. */
  release(pages: readonly number[]): void {
    for (const page of pages) {
      assert(this.#ownersOf(page) > 0, `page ${page} was released too often`)
      this.#owners[page] = this.#ownersOf(page) - 1
    }
  }

  isShared(page: number): boolean {
    return this.#ownersOf(page) > 1
  }

  /** Whether any page belongs to somebody. */
  get inUse(): boolean {
    return this.#owners.some((owners) => owners > 0)
  }

  /**
   * Copies pages into others, in every layer, over and over where there are more to fill; by way of a buffer of its own, since WebGPU
   * copies only between two buffers.
   */
  copy(sources: readonly number[], into: readonly number[]): void {
    const bytes = this.#pageBytes
    const between = this.#device.arena.allocate('staging', 'pages', bytes * sources.length)
    const encoder = this.#device.gpu.createCommandEncoder()
    for (const { buffer } of this.#layers) {
      sources.forEach((page, i) => {
        encoder.copyBufferToBuffer(buffer, page * bytes, between.buffer, i * bytes, bytes)
      })
      into.forEach((page, i) => {
        const from = (i % sources.length) * bytes
        encoder.copyBufferToBuffer(between.buffer, from, buffer, page * bytes, bytes)
      })
    }
    this.#device.gpu.queue.submit([encoder.finish()])
    between.free()
  }

  /** Frees every buffer. */
  destroy(): void {
    for (const layer of this.#layers) layer.free()
  }

  #ownersOf(page: number): number {
    return this.#owners[page] ?? 0
  }

  #allocate(layer: number, pages: number): Allocation {
    return this.#device.arena.allocate('kv_cache', `layer ${layer}`, pages * this.#pageBytes)
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
    // Nothing more within: only afterwards does the GPU say whether it refused, and the old cache must still be there then.
    const larger = await this.#device.arena.guard(`a KV cache of ${pages * PAGE_TOKENS} tokens`, async () =>
      this.#layers.map((_, layer) => this.#allocate(layer, pages)),
    )
    const encoder = this.#device.gpu.createCommandEncoder()
    const bytes = this.#owners.length * this.#pageBytes
    larger.forEach(({ buffer }, layer) => {
      encoder.copyBufferToBuffer(this.buffer(layer), 0, buffer, 0, bytes)
    })
    this.#device.gpu.queue.submit([encoder.finish()])
    for (const old of this.#layers.splice(0, larger.length, ...larger)) old.free()
    while (this.#owners.length < pages) this.#owners.push(0)
    this.onGrow()
  }
}
