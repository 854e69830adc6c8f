// Tests that prefill cut into the shortest parts gives the very bits of prefill in one submission per chunk.
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { logitsOfRows } from '../../src/engine/run/logits-of-rows.ts'
import { prefill } from '../../src/engine/run/prefill.ts'
import type { Runtime } from '../../src/engine/run/runtime.ts'
import { Session } from '../../src/engine/run/session.ts'
import { AIM_MS } from '../../src/engine/run/submission-planner.ts'
import type { Device } from '../../src/gpu/device.ts'
import { readBuffer } from '../../src/gpu/readback.ts'
import { kernels } from '../../src/kernels/index.ts'
import type { CacheKind } from '../../src/models/cache-layout.ts'
import { describeOnAdapters, persistentGpu } from '../support/adapter.ts'
import { FIXTURES, openModel } from '../support/model.ts'

const CHUNK = 40 // more than a tile's rows
const TOKENS = CHUNK + 3
const TWO_BLOCKS = 280 // attention in latents loops over blocks of 256 tokens

interface Model {
  readonly name: string
  readonly quantize: 'none' | 'q8' | 'q4'
  readonly cache?: CacheKind
  readonly tokens?: number
}
const MLA: Model = { name: 'deepseek_v3-fp8-tiny', quantize: 'none' }
const GQA: Model = { name: 'qwen3-fp8', quantize: 'none' }
const MORE: readonly Model[] = [
  { name: 'deepseek_v3-fp8-tiny', quantize: 'q4', cache: 'standard' },
  { name: 'moonlight-bf16-tiny', quantize: 'none', tokens: TWO_BLOCKS },
  { name: 'moonlight-bf16-tiny', quantize: 'q8' },
]

const promptOf = (tokens: number) => Array.from({ length: tokens }, (_, i) => (i * 61 + 7) % 300)
const PROMPT = promptOf(TOKENS)

/** What prefill leaves behind: every layer's cache, and the logits of the last row and of each row. */
async function results(device: Device, runtime: Runtime, tokens: number): Promise<readonly Uint8Array[]> {
  const ids = promptOf(tokens)
  const session = new Session(runtime.cache)
  try {
    await session.reserve(tokens)
    runtime.writePageTable(session)
    for (const layer of runtime.spec.layers.keys()) {
      const { size } = runtime.cache.buffer(layer)
      device.gpu.queue.writeBuffer(runtime.cache.buffer(layer), 0, new Uint8Array(size))
    }
    await prefill(runtime, session, ids)
    const last = await runtime.readLogits()
    const caches: Uint8Array[] = []
    for (const layer of runtime.spec.layers.keys()) {
      const buffer = runtime.cache.buffer(layer)
      caches.push(new Uint8Array(await readBuffer(device, buffer, buffer.size)))
    }
    const rows = await logitsOfRows(runtime.ownPrograms, ids.slice(0, CHUNK), 0)
    return [...caches, new Uint8Array(last.buffer), new Uint8Array(rows.buffer)]
  } finally {
    session.close()
  }
}

describeOnAdapters('cut prefill', (adapter) => {
  const sliced = new Set<string>()
  const hasAll = adapter.name !== 'swiftshader' // which compiles for seconds
  const models = adapter.name === 'lavapipe' ? [MLA, GQA, ...MORE] : hasAll ? [MLA, GQA] : [MLA]

  it.each(models)(
    'of $name, quantize $quantize, gives the same bits',
    async ({ name, quantize, cache, tokens = TOKENS }) => {
      const gpu = await persistentGpu(adapter.match)
      const folder = join(FIXTURES, name)
      const engine = await openModel(folder, adapter, { quantize, prefillChunk: CHUNK, gpu })
      const { runtime: own } = engine.lease()
      const runtime = cache ? await own.sibling({ cache: { ...own.options.cache, kind: cache } }) : own
      const { planner } = runtime.parts
      const run = (aimMs: number) => {
        planner.aimMs = aimMs
        return results(engine.device, runtime, tokens)
      }
      const whole = await run(Number.POSITIVE_INFINITY)
      expect(runtime.parts.takeCounts().parts).toBe(Math.ceil(tokens / CHUNK) + 1)
      const next = planner.next.bind(planner)
      planner.next = (units, cursor) => {
        const planned = next(units, cursor)
        if (planned.part.slice) sliced.add(units[planned.part.first]?.kernel.name ?? '')
        return planned
      }
      expect(await run(1e-9)).toEqual(whole)
      expect(runtime.parts.takeCounts().parts).toBeGreaterThan(100)
      expect(await run(AIM_MS)).toEqual(whole)
      engine.destroy()
    },
  )

  it('stops within a chunk when aborted, and continues from the whole chunks', async () => {
    const folder = join(FIXTURES, MLA.name)
    const gpu = await persistentGpu(adapter.match)
    const engine = await openModel(folder, adapter, { quantize: 'none', prefillChunk: CHUNK, gpu })
    const { runtime } = engine.lease()
    const { planner } = runtime.parts
    planner.aimMs = Number.POSITIVE_INFINITY
    const session = new Session(runtime.cache)
    await session.reserve(TOKENS)
    runtime.writePageTable(session)
    await prefill(runtime, session, PROMPT)
    const whole = await runtime.readLogits()
    session.rewind(0)
    await session.reserve(TOKENS)
    runtime.writePageTable(session)
    const stop = new AbortController()
    const next = planner.next.bind(planner)
    planner.next = (units, cursor) => {
      // The second chunk is cut, and ends within its first layer.
      planner.aimMs = session.length > 0 ? 1e-9 : Number.POSITIVE_INFINITY
      if (cursor.unit === 3) stop.abort()
      return next(units, cursor)
    }
    expect(await prefill(runtime, session, PROMPT, stop.signal)).toBe(false)
    expect(session.tokens).toEqual(PROMPT.slice(0, CHUNK))
    expect(await prefill(runtime, session, PROMPT)).toBe(true)
    expect(await runtime.readLogits()).toEqual(whole)
    engine.destroy()
  })

  if (!hasAll) return
  it('cut every kernel that can run in slices', () => {
    const names = kernels.filter(({ slicedAlong }) => slicedAlong).map(({ name }) => name)
    expect([...sliced].sort()).toEqual(names.sort())
  })
})
