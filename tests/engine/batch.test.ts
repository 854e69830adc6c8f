// Tests of batched decode: each row has the bits that decoding it alone gives, in one session or in several.
import { basename, join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Engine } from '../../src/engine/engine.ts'
import type { EngineOptions } from '../../src/engine/options.ts'
import { Batch, type BatchRow } from '../../src/engine/run/batch.ts'
import { decodeLogits } from '../../src/engine/run/logits.ts'
import { prefill } from '../../src/engine/run/prefill.ts'
import type { Runtime } from '../../src/engine/run/runtime.ts'
import { Session } from '../../src/engine/run/session.ts'
import type { CacheKind } from '../../src/models/cache-layout.ts'
import { ADAPTERS, type AdapterCase, describeOnAdapters } from '../support/adapter.ts'
import { FIXTURES, openModel } from '../support/model.ts'

interface Case {
  readonly model: string
  readonly options?: EngineOptions
  readonly caches?: readonly CacheKind[]
  readonly sizes?: readonly number[]
}

const V3 = join(FIXTURES, 'deepseek_v3-fp8-tiny')
const CASES: readonly Case[] = [
  { model: V3, caches: ['latent', 'latent-fp8', 'standard'], sizes: [3, 4] },
  { model: join(FIXTURES, 'deepseek_v2_lite-bf16') },
  { model: join(FIXTURES, 'qwen2-bf16') },
  // Programs of 8 rows take lavapipe long to compile; this model has the fewest.
  { model: join(FIXTURES, 'llama-bf16'), sizes: [5, 2] },
]

/** Ids whose order says nothing. */
const idsOf = (count: number, vocab: number, seed: number): number[] =>
  Array.from({ length: count }, (_, i) => (7 + seed * 131 + i * 37 + i * i) % vocab)

/** A session with these ids in the cache, and room for more. */
async function sessionWith(runtime: Runtime, ids: readonly number[], from?: Session): Promise<Session> {
  const session = from?.fork() ?? new Session(runtime.cache)
  await session.reserve(ids.length + 8)
  runtime.writePageTable(session)
  await prefill(runtime, session, [...session.tokens, ...ids])
  return session
}

async function alone(runtime: Runtime, row: BatchRow): Promise<Float32Array> {
  runtime.writePageTable({ pages: row.pages } as Session)
  return decodeLogits(runtime, typeof row.id === 'number' ? row.id : 0, row.position)
}

async function together(batch: Batch, rows: readonly BatchRow[]): Promise<Float32Array[]> {
  await batch.step(rows)
  return batch.readLogits(rows.length)
}

/** Index of the first numbers whose bits differ; -1 if there are none. */
function firstDifference(a: Float32Array = new Float32Array(), b: Float32Array = new Float32Array()) {
  const [x, y] = [new Uint32Array(a.buffer), new Uint32Array(b.buffer)]
  return x.length === y.length ? x.findIndex((bits, i) => bits !== y[i]) : 0
}

describe.each(CASES.map((test) => [basename(test.model), test] as const))('%s', (_, test) => {
  const { model, options, caches = [undefined], sizes = [2] } = test
  describeOnAdapters(
    'a batch',
    (adapter: AdapterCase) => {
      let engine: Engine
      beforeAll(async () => {
        engine = await openModel(model, adapter, { contextLength: 512, ...options })
      })
      afterAll(() => engine.destroy())

      it.each(caches)('computes rows of several sessions, and of one, as if alone: %s', async (cache) => {
        const base = engine.lease()
        const runtime = cache
          ? await base.runtime.sibling({ cache: { ...base.runtime.options.cache, kind: cache } })
          : base.runtime
        const vocab = engine.info.vocab
        const first = await sessionWith(runtime, idsOf(70, vocab, 1))
        const forks = [
          await sessionWith(runtime, idsOf(3, vocab, 2), first),
          await sessionWith(runtime, [5], first),
        ]
        const others = [
          await sessionWith(runtime, idsOf(1, vocab, 3)),
          await sessionWith(runtime, idsOf(64, vocab, 4)),
        ]
        const sessions = [first, ...forks, ...others]
        const rows = sessions.map(({ length, pages }, sampler) => ({
          position: length,
          pages,
          sampler,
          id: idsOf(1, vocab, sampler + 9)[0],
        }))
        const expected: Float32Array[] = []
        for (const row of rows) expected.push(await alone(runtime, row))
        for (const count of sizes) {
          const before = engine.gpuBytes()
          const batch = await Batch.open(runtime, { rows: count })
          const logits = await together(batch, rows.slice(-count))
          batch.close()
          expect(engine.gpuBytes()).toEqual(before)
          expect(logits.map((row, at) => firstDifference(row, expected.at(at - count)))).toEqual(
            logits.map(() => -1),
          )
        }

        const drafts = Math.min(...sizes)
        const batch = await Batch.open(runtime, { rows: drafts })
        const drafted = first.fork()
        await drafted.reserve(drafts)
        const ids = idsOf(drafts, vocab, 20)
        const draftRows = ids.map((id, index) => ({
          position: 70 + index,
          pages: drafted.pages,
          sampler: index,
          id,
        }))
        const verified = await together(batch, draftRows)
        for (const [index, row] of draftRows.entries())
          expect(firstDifference(verified[index], await alone(runtime, { ...row, pages: first.pages }))).toBe(
            -1,
          )
        batch.close()
        for (const session of [...sessions, drafted]) session.close()
        base.release()
        if (runtime !== base.runtime) runtime.destroy()
      })
    },
    ADAPTERS.slice(0, 2),
  )
})
