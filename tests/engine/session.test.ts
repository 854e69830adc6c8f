// Tests of sessions without a model: pages are allocated, shared, copied on write and released.
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { KvCache, PAGE_TOKENS } from '../../src/engine/run/kv-cache.ts'
import { Session } from '../../src/engine/run/session.ts'
import { type Device, openDevice } from '../../src/gpu/device.ts'
import { readBuffer } from '../../src/gpu/readback.ts'
import { ADAPTERS, describeOnAdapters, openAdapter } from '../support/adapter.ts'
import { watchGpu } from '../support/watched-gpu.ts'

const LAYERS = 2
const ENTRY_BYTES = 8
const PAGE_BYTES = PAGE_TOKENS * ENTRY_BYTES
const ids = (count: number, first = 0) => Array.from({ length: count }, (_, i) => first + i)

describeOnAdapters(
  'session',
  (adapter) => {
    let device: Device
    let cache: KvCache
    beforeAll(async () => {
      device = await openAdapter(adapter)
    })
    beforeEach(() => {
      cache = new KvCache(device, { layers: LAYERS, pageBytes: PAGE_BYTES, maxPages: 1e6 })
    })
    afterAll(() => device.destroy())

    const grown = async (count: number) => {
      const session = new Session(cache)
      await session.reserve(count)
      session.append(ids(count))
      return session
    }
    const pageBytes = async (layer: number, page: number) =>
      new Uint8Array(await readBuffer(device, cache.buffer(layer), (page + 1) * PAGE_BYTES)).subarray(
        page * PAGE_BYTES,
      )

    it('holds whole pages, counted over all layers', async () => {
      for (const [count, pages] of [
        [1, 1],
        [PAGE_TOKENS, 1],
        [PAGE_TOKENS + 1, 2],
        [3 * PAGE_TOKENS, 3],
      ] as const) {
        const session = await grown(count)
        expect(session.pages.length).toBe(pages)
        expect(session.bytes).toBe(pages * PAGE_BYTES * LAYERS)
        session.close()
      }
    })

    it('allocates exactly the pages in use, and reuses released ones', async () => {
      const before = device.arena.bytes().kv_cache ?? 0
      const first = await grown(5 * PAGE_TOKENS)
      // The cache had one page already.
      expect((device.arena.bytes().kv_cache ?? 0) - before).toBe(4 * PAGE_BYTES * LAYERS)
      first.close()
      const second = await grown(5 * PAGE_TOKENS)
      expect((device.arena.bytes().kv_cache ?? 0) - before).toBe(4 * PAGE_BYTES * LAYERS)
      second.close()
    })

    it('keeps the content of pages when it grows', async () => {
      const session = await grown(1)
      const [page = 0] = session.pages
      const mark = new Uint8Array(PAGE_BYTES).fill(7)
      device.gpu.queue.writeBuffer(cache.buffer(1), page * PAGE_BYTES, mark)
      await session.reserve(10 * PAGE_TOKENS)
      expect(await pageBytes(1, page)).toEqual(mark)
    })

    it('shares pages with a fork, and copies the last one on write', async () => {
      const session = await grown(PAGE_TOKENS + 3)
      const [full, open = 0] = session.pages
      const mark = new Uint8Array(PAGE_BYTES).fill(9)
      device.gpu.queue.writeBuffer(cache.buffer(0), open * PAGE_BYTES, mark)
      const twin = session.fork()
      expect(twin.pages).toEqual(session.pages)
      await twin.reserve(1)
      twin.append([1000])
      expect(twin.pages[0]).toBe(full)
      expect(twin.pages[1]).not.toBe(open)
      expect(await pageBytes(0, twin.pages[1] ?? 0)).toEqual(mark)
      expect(session.tokens).toEqual(ids(PAGE_TOKENS + 3))
      session.close()
      expect(twin.tokens).toEqual([...ids(PAGE_TOKENS + 3), 1000])
      twin.close()
    })

    it('finds the common prefix, and drops rewound tokens', async () => {
      const session = await grown(2 * PAGE_TOKENS)
      expect(session.commonPrefix([...ids(100), 5])).toBe(100)
      session.rewind(PAGE_TOKENS)
      expect(session.pages.length).toBe(1)
      expect(session.tokens).toEqual(ids(PAGE_TOKENS))
      expect(() => session.rewind(PAGE_TOKENS + 1)).toThrow(/rewound/)
    })

    it('keeps its content when the GPU refuses a larger cache', async () => {
      const { gpu } = await watchGpu(adapter, 20 * PAGE_BYTES * LAYERS)
      const limited = await openDevice(gpu, adapter.options)
      const small = new KvCache(limited, { layers: LAYERS, pageBytes: PAGE_BYTES, maxPages: 1e6 })
      const session = new Session(small)
      await session.reserve(1)
      session.append([1])
      const mark = new Uint8Array(PAGE_BYTES).fill(5)
      limited.gpu.queue.writeBuffer(small.buffer(1), 0, mark)
      const before = limited.arena.bytes()
      await expect(session.reserve(100 * PAGE_TOKENS)).rejects.toMatchObject({ code: 'out_of_memory' })
      expect(limited.arena.bytes()).toEqual(before)
      expect(new Uint8Array(await readBuffer(limited, small.buffer(1), PAGE_BYTES))).toEqual(mark)
      await session.reserve(3 * PAGE_TOKENS)
      expect(new Uint8Array(await readBuffer(limited, small.buffer(1), PAGE_BYTES))).toEqual(mark)
      limited.destroy()
    })

    it('refuses to grow beyond a binding', async () => {
      const session = new Session(cache)
      await expect(session.reserve(cache.maxTokens + 1)).rejects.toMatchObject({ code: 'context_full' })
    })
  },
  ADAPTERS.slice(0, 1),
)

describe('page size', () => {
  it('equals that of the shaders', async () => {
    const { default: sources } = await import('virtual:shaders')
    expect(sources['shared/pages']).toContain(`const PAGE: u32 = ${PAGE_TOKENS};`)
  })
})
