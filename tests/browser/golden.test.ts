// Tests the engine in Chromium against the independent goldens: logits in all modes, greedy tokens.
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { LogitsMode } from '../../src/core.ts'
import { relativeError } from '../../src/lib/relative-error.ts'
import { FIXTURES, readGolden } from '../support/model.ts'
import { describeInChromium, openBarePage } from './chromium.ts'

declare const core: typeof import('../../src/core.ts')

interface GoldenRun {
  readonly name: string
  readonly cache: 'f16' | 'f32'
  readonly ids: readonly number[]
}

describeInChromium('goldens in the browser', () => {
  let bare: Awaited<ReturnType<typeof openBarePage>>
  beforeAll(async () => {
    bare = await openBarePage(FIXTURES)
  })
  afterAll(() => bare?.close())

  test.each([
    ['deepseek_v3-fp8-awkward', 'f16', 2e-3],
    ['deepseek_v3-fp8-awkward', 'f32', 1e-4],
    ['moonlight-bf16-tiny', 'f16', 2e-3],
    ['deepseek_v3-f16-awkward', 'f32', 1e-4],
  ] as const)('%s, %s cache', async (name, cache, limit) => {
    const golden = readGolden(join(FIXTURES, name))
    const { logits, ids } = await bare.page.evaluate(runGolden, { name, cache, ids: golden.promptIds })
    for (const [mode, values] of Object.entries(logits)) {
      expect(relativeError(values, golden.logits), mode).toBeLessThanOrEqual(limit)
    }
    expect(ids).toEqual(golden.continuationIds)
  })
})

/** Runs in the page. */
async function runGolden({ name, cache, ids }: GoldenRun) {
  const engine = await core.loadEngine(core.openHttp(new URL(name, location.href)), { cache })
  const logits: Record<string, number[]> = {}
  const modes: LogitsMode[] = ['whole', 'chunked', 'decode']
  for (const mode of modes) logits[mode] = [...(await engine.logits(ids, mode))]
  const tokens: number[] = []
  const request = { input: { ids }, maxTokens: 32, sampling: { temperature: 0 } }
  for await (const event of engine.generate(request)) if (event.type === 'delta') tokens.push(...event.ids)
  engine.destroy()
  return { logits, ids: tokens }
}
