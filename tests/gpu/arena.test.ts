// Tests of the buffer arena: bytes by purpose, limits, and clean-up after failures.
import { afterEach, beforeEach, expect, it } from 'vitest'
import { Arena } from '../../src/gpu/arena.ts'
import type { Device } from '../../src/gpu/device.ts'
import { HadalError } from '../../src/lib/error.ts'
import { describeOnAdapters, openAdapter } from '../support/adapter.ts'

describeOnAdapters('arena', (adapter) => {
  let device: Device
  let arena: Arena
  beforeEach(async () => {
    device = await openAdapter(adapter)
    arena = new Arena(device.gpu)
  })
  afterEach(() => device.destroy())

  it('counts bytes by purpose, in whole 16 bytes, until they are freed', () => {
    expect(arena.bytes()).toEqual({ total: 0 })
    const weights = arena.allocate('weights', 'a', 100)
    const more = arena.allocate('weights', 'b', 16)
    const cache = arena.allocate('kv_cache', 'c', 0)
    expect([weights.bytes, more.bytes, cache.bytes]).toEqual([112, 16, 16])
    expect(arena.bytes()).toEqual({ weights: 128, kv_cache: 16, total: 144 })
    weights.free()
    weights.free()
    expect(arena.bytes()).toEqual({ weights: 16, kv_cache: 16, total: 32 })
    expect(arena.count).toBe(2)
  })

  it('rejects a buffer above the device limit and names it and its size', () => {
    const limit = device.gpu.limits.maxBufferSize
    const act = () => arena.allocate('experts', 'layer 3', limit + 1)
    expect(act).toThrow(HadalError)
    expect(act).toThrow(
      expect.objectContaining({ code: 'out_of_memory', hint: expect.stringMatching(/smaller/) }),
    )
    expect(act).toThrow(`layer 3 needs a buffer of ${Math.ceil((limit + 1) / 16) * 16} bytes`)
    expect(arena.count).toBe(0)
  })

  it('frees what a guarded preparation allocated when it fails, and nothing else', async () => {
    const before = arena.allocate('state', 'before', 64)
    const failure = new Error('no such tensor')
    const failing = arena.guard('a model', async () => {
      arena.allocate('weights', 'within', 1024)
      arena.allocate('state', 'given back already', 16).free()
      await Promise.resolve()
      throw failure
    })
    await expect(failing).rejects.toBe(failure)
    expect(arena.bytes()).toEqual({ state: 64, total: 64 })
    expect(before.buffer.size).toBe(64)
  })

  it('returns the result of a guarded preparation and keeps its buffers', async () => {
    const kept = await arena.guard('a model', async () => arena.allocate('weights', 'within', 1024))
    expect(arena.bytes()).toEqual({ weights: 1024, total: 1024 })
    kept.free()
    expect(arena.bytes()).toEqual({ total: 0 })
  })

  it('allocates zero-filled buffers', async () => {
    const { buffer } = arena.allocate('staging', 'read', 32, 'readback')
    await buffer.mapAsync(0x1)
    expect([...new Uint8Array(buffer.getMappedRange())]).toEqual(new Array(32).fill(0))
  })
})
