// Tests of the KV-cache benchmark: settings, byte counts, refusals, early end, and freed memory.
import { afterAll, beforeAll, expect, it } from 'vitest'
import packageJson from '../../package.json' with { type: 'json' }
import { measure } from '../../src/bench/measure.ts'
import type { BenchEvent } from '../../src/bench/result.ts'
import { benchSettings } from '../../src/bench/settings.ts'
import type { Engine } from '../../src/engine/engine.ts'
import { VERSION } from '../../src/lib/version.ts'
import { ADAPTERS, describeOnAdapters } from '../support/adapter.ts'
import { LANTERNFISH, openModel } from '../support/model.ts'

it('reports the version of the package', () => expect(VERSION).toBe(packageJson.version))

const LATENT_SPEC = { attention: { kind: 'latent' } } as Parameters<typeof benchSettings>[0]

it('completes settings, and refuses invalid ones by name', () => {
  expect(benchSettings(LATENT_SPEC, { contexts: [512, 64, 512], caches: ['mqa', 'latent'] })).toEqual({
    contexts: [64, 512],
    caches: ['latent', 'mqa'],
    numbers: 'f16',
    steps: 16,
  })
  for (const [settings, field] of [
    [{ contexts: [0] }, /contexts: 0/],
    [{ contexts: [1.5] }, /contexts: 1\.5/],
    [{ contexts: [] }, /contexts/],
    [{ steps: 0 }, /steps: 0/],
    [{ caches: ['grouped'] as const }, /caches: .*"grouped"/],
  ] as const) {
    expect(() => benchSettings(LATENT_SPEC, settings)).toThrow(field)
  }
})

describeOnAdapters(
  'benchmark',
  (adapter) => {
    let engine: Engine
    beforeAll(async () => {
      // 512 tokens of the standard cache exceed this binding limit; a latent cache fits thousands.
      const options = { ...adapter.options, maxBindingBytes: 512 * 1024 }
      // The reference is the f16 latent cache, even if the model itself is loaded with FP8.
      engine = await openModel(LANTERNFISH, { ...adapter, options }, { contextLength: 256, cache: 'fp8' })
    })
    afterAll(() => engine.destroy())

    it('reports equal tokens, bytes equal to the formula, and the reason of a refusal', async () => {
      const before = engine.gpuBytes()
      const settings = {
        contexts: [300, 512],
        caches: ['latent', 'latent-fp8', 'standard'],
        steps: 2,
      } as const
      const events: BenchEvent[] = []
      for await (const event of measure(engine, settings)) events.push(event)
      const { result, progress } = events.at(-1) as BenchEvent
      expect(progress).toMatchObject({ phase: 'done', done: 10, total: 10 })
      expect(result).toMatchObject({ complete: true, format: 'hadal-bench', settings: { numbers: 'f16' } })
      expect(result.caches.map(({ check }) => check)).toMatchObject([
        { verdict: 'equal', tokens: 64 },
        { verdict: 'near', tokens: 64 },
        { verdict: 'equal', tokens: 64 },
      ])
      const check = result.caches[1]?.check
      const meanKl = check?.verdict === 'near' ? check.meanKl : Number.NaN
      expect(meanKl).toBeGreaterThan(1e-6)
      expect(meanKl).toBeLessThan(1e-2)
      const row = (cache: string, context: number) =>
        result.rows.find((candidate) => candidate.cache === cache && candidate.context === context)
      const pages = [320, 512] // of 300 and of 512 tokens
      ;(
        [
          ['latent', 288],
          ['latent-fp8', 164],
          ['standard', 1280],
        ] as const
      ).forEach(([cache, entryBytes]) => {
        ;[300, 512].forEach((context, i) => {
          const found = row(cache, context)
          expect(found?.formulaBytes).toBe(4 * entryBytes * (pages[i] ?? 0))
          expect(found?.readBytesPerStep).toBe(4 * entryBytes * context)
          if (cache === 'standard' && context === 512) return
          expect(found?.bytes).toBe(found?.formulaBytes)
          for (const timing of [found?.decode, found?.prefill]) {
            expect(timing?.ms).toBeGreaterThan(0)
            expect(timing?.msLow).toBeLessThanOrEqual(timing?.ms ?? 0)
            expect(timing?.msHigh).toBeGreaterThanOrEqual(timing?.ms ?? Number.POSITIVE_INFINITY)
          }
        })
      })
      expect(row('standard', 512)).toMatchObject({
        bytes: 0,
        missing: expect.stringMatching(/at most 384 tokens/),
      })
      expect(row('standard', 512)).not.toHaveProperty('decode')
      expect(result.copyBytesPerSecond).toBeGreaterThan(0)
      expect(engine.gpuBytes()).toEqual(before)
    })

    it('keeps partial results when stopped, and lets the model answer again afterwards', async () => {
      const before = engine.gpuBytes()
      const abort = new AbortController()
      let last: BenchEvent | undefined
      for await (const event of measure(
        engine,
        { contexts: [300, 320], caches: ['latent', 'standard'], numbers: 'f32', steps: 1 },
        abort.signal,
      )) {
        last = event
        if (event.progress.phase === 'prefill' && event.progress.context === 320) abort.abort()
      }
      expect(last?.progress.phase).toBe('done')
      expect(last?.result).toMatchObject({ complete: false, settings: { numbers: 'f32' } })
      for (const { check } of last?.result.caches ?? [])
        expect(check).toEqual({ verdict: 'equal', tokens: 64 })
      expect(last?.result.rows).toMatchObject([
        { cache: 'latent', context: 300, bytes: 4 * 320 * 144 * 4 },
        { cache: 'standard', context: 300, missing: expect.stringMatching(/at most 192 tokens/) },
      ])
      for await (const { progress } of measure(engine, { contexts: [300], caches: ['latent'], steps: 1 })) {
        await expect(engine.logits([1])).rejects.toMatchObject({ code: 'bad_request' })
        if (progress.phase === 'decode') break
      }
      expect(engine.gpuBytes()).toEqual(before)
      expect(await engine.logits([1])).toHaveLength(engine.info.vocab)
    })
  },
  ADAPTERS.slice(0, 1),
)
