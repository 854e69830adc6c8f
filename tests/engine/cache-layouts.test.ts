// Tests of sessions with other KV cache layouts: same answers, forks and rewinds, and the expected bytes.
import sources from 'virtual:shaders'
import { afterAll, beforeAll, expect, it } from 'vitest'
import type { Engine } from '../../src/engine/engine.ts'
import { PAGE_TOKENS } from '../../src/engine/run/kv-cache.ts'
import type { GenerateRequest } from '../../src/engine/types.ts'
import { logitError } from '../../src/lib/logit-error.ts'
import { type CacheKind, FP8_SCALE_GROUP, kvEntryBytes } from '../../src/models/cache-layout.ts'
import type { MlaAttention } from '../../src/models/spec.ts'
import { ADAPTERS, describeOnAdapters } from '../support/adapter.ts'
import { GREEDY, LANTERNFISH, openModel, runRequest } from '../support/model.ts'

const LAYERS = 4
const REQUEST: GenerateRequest = {
  input: { messages: [{ role: 'user', content: 'What is 347 + 586?' }] },
  sampling: GREEDY,
}

describeOnAdapters(
  'KV cache layouts',
  (adapter) => {
    let engine: Engine
    beforeAll(async () => {
      engine = await openModel(LANTERNFISH, adapter)
    })
    afterAll(() => engine.destroy())

    it('answers the same with expanded keys and values, also in a fork and after a rewind', async () => {
      const latentAnswer = await runRequest(engine, REQUEST)
      expect(latentAnswer.ids.length).toBeGreaterThan(48)
      const session = await engine.openSession({ cache: 'standard' })
      expect((await runRequest(engine, REQUEST, undefined, session)).ids).toEqual(latentAnswer.ids)
      const fork = session.fork()
      session.rewind(70) // within the second page, which both share
      const again = await runRequest(engine, REQUEST, undefined, session)
      expect(again.done.cachedTokens).toBeGreaterThan(0)
      expect(again.ids).toEqual(latentAnswer.ids)
      const forked = await runRequest(engine, REQUEST, undefined, fork)
      expect(forked.ids).toEqual(latentAnswer.ids)
      await expect(engine.closeCache('standard')).rejects.toMatchObject({ code: 'bad_request' })
      session.close()
      fork.close()
      await engine.closeCache('standard')
    })

    it('does not close a cache in use, and refuses sessions of a closed cache', async () => {
      const session = await engine.openSession({ cache: 'mqa' })
      const events = engine.generate(REQUEST, undefined, session)
      const first = events.next()
      await expect(engine.closeCache('mqa')).rejects.toMatchObject({ code: 'bad_request' })
      await first
      await events.return(undefined)
      session.close()
      await engine.closeCache('mqa')
      await expect(runRequest(engine, REQUEST, undefined, session)).rejects.toMatchObject({
        code: 'bad_request',
      })
    })

    it('changes the logits little when latents are stored in FP8', async () => {
      const ids = engine.tokenizer.encodePlain('The quick brown fox jumps over the lazy dog. 17 + 25 = 42.')
      const expected = await engine.logits(ids)
      for (const mode of ['whole', 'decode'] as const) {
        const { relativeError } = logitError(
          await engine.logits(ids, mode, { cache: 'latent-fp8' }),
          expected,
          engine.info.vocab,
        )
        expect(relativeError, mode).toBeLessThan(0.05)
        expect(relativeError, mode).toBeGreaterThan(1e-4) // it is not the f16 cache
      }
      await engine.closeCache('latent-fp8')
    })

    it('loads a model with FP8 latents that answers like an FP8 session', async () => {
      const small = await openModel(LANTERNFISH, adapter, { cache: 'fp8' })
      try {
        expect(small.info.kvBytesPerToken).toBe(LAYERS * (128 + 4 + 16 * 2))
        expect(small.info.standardKvBytesPerToken).toBe(engine.info.standardKvBytesPerToken)
        const session = await engine.openSession({ cache: 'latent-fp8' })
        const expected = await runRequest(engine, REQUEST, undefined, session)
        session.close()
        await engine.closeCache('latent-fp8')
        expect((await runRequest(small, REQUEST)).ids).toEqual(expected.ids)
        const exact = await small.openSession({ cache: 'latent' })
        const latentAnswer = await runRequest(engine, REQUEST)
        expect((await runRequest(small, REQUEST, undefined, exact)).ids).toEqual(latentAnswer.ids)
      } finally {
        small.destroy()
      }
    })

    it.each([
      ['latent', (128 + 16) * 2],
      ['latent-fp8', 128 + 4 + 16 * 2],
      ['standard', 8 * (32 + 16 + 32) * 2],
      ['gqa-8', 8 * (32 + 16 + 32) * 2],
      ['mqa', (32 + 16 + 32) * 2],
    ] as const)(
      'allocates whole pages of its KV entries in every layer, and frees them: %s',
      async (cache, bytes) => {
        const { cached, total } = sums(engine)
        const session = await engine.openSession({ cache })
        const fresh = sums(engine)
        await session.reserve(3 * PAGE_TOKENS + 1)
        const pages = LAYERS * PAGE_TOKENS * bytes
        expect(session.bytes).toBe(0)
        if (cache === 'latent') return session.close()
        expect(fresh.cached - cached).toBe(pages)
        expect(sums(engine).cached - cached).toBe(4 * pages)
        session.close()
        await engine.closeCache(cache)
        expect(sums(engine)).toEqual({ cached, total })
      },
    )

    it('refuses cache layouts that the model does not support', async () => {
      await expect(engine.openSession({ cache: 'grouped' })).rejects.toMatchObject({ code: 'bad_request' })
      await expect(engine.logits([1], 'whole', { cache: 'grouped' })).rejects.toMatchObject({
        code: 'bad_request',
      })
      expect((await runRequest(engine, { ...REQUEST, maxTokens: 2 })).ids).toHaveLength(2)
    })
  },
  ADAPTERS.slice(0, 1),
)

it('uses the FP8 group size of the shaders', () => {
  expect(sources['attention/fp8_kv_entry']).toContain(`const FP8_GROUP: u32 = ${FP8_SCALE_GROUP};`)
})

const sums = (engine: Engine) => {
  const { kv_cache: cached = 0, total = 0 } = engine.gpuBytes()
  return { cached, total }
}

it.each([
  ['latent', 1152],
  ['latent-fp8', 648],
  ['standard', 10240],
  ['gqa-8', 5120],
  ['mqa', 640],
] as const)('bytes of a KV entry of V2-Lite in f16: %s', (kind: CacheKind, bytes) => {
  const attention = {
    kind: 'latent',
    heads: 16,
    qLoraRank: 0,
    kvLoraRank: 512,
    qkNopeDim: 128,
    qkRopeDim: 64,
    vHeadDim: 128,
    softmaxScale: 1,
    ropeInterleaved: true,
    latentNormEps: 1e-6,
    rotary: { frequencies: [], attentionFactor: 1 },
  } as const satisfies MlaAttention
  expect(kvEntryBytes(attention, { kind, kvDtype: 'f16' })).toBe(bytes)
  // 12 heads in groups of 6: 8 does not divide them.
  if (kind === 'gqa-8')
    expect(kvEntryBytes({ ...attention, heads: 12 }, { kind, kvDtype: 'f16' })).toBe(6 * 640)
})
