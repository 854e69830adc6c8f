// Tests the engine in Chromium against the independent goldens: logits in all modes, greedy tokens.
import { afterAll, beforeAll, test } from 'vitest'
import { FIXTURES } from '../support/model.ts'
import { describeInChromium, openBarePage } from './chromium.ts'
import { expectGoldens } from './golden-run.ts'

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
  ] as const)('%s, %s cache', (name, cache, limit) => expectGoldens(bare.page, name, cache, limit))
})
