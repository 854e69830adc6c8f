// Tests the engine and the library in Firefox: goldens of three families, Lanternfish's completions.
import { join } from 'node:path'
import type { Browser, Page } from 'puppeteer-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type * as Library from '../../src/index.ts'
import { FIXTURES } from '../support/model.ts'
import { COMPLETIONS, completeInPage } from './completions.ts'
import { describeInFirefox, launchFirefox } from './firefox.ts'
import { expectGoldens } from './golden-run.ts'
import { type PageHost, ROOT, serveBarePage } from './pages.ts'

declare const hadal: Pick<typeof Library, 'loadModel'>

describeInFirefox('Firefox', () => {
  let browser: Browser
  beforeAll(async () => {
    browser = await launchFirefox()
  })
  afterAll(() => browser?.close())

  /** A page with the library and the files of `publicDir`, open during the tests of its `describe`. */
  const barePage = (publicDir: string): (() => Page) => {
    let host: PageHost
    let page: Page
    beforeAll(async () => {
      host = await serveBarePage(publicDir)
      page = await browser.newPage()
      await page.goto(host.url)
    })
    afterAll(async () => {
      await page?.close()
      await host?.close()
    })
    return () => page
  }

  describe('the engine', () => {
    const page = barePage(FIXTURES)
    test.each([
      ['deepseek_v3-fp8-awkward', 'f16', 2e-3],
      ['qwen2-bf16', 'f16', 2e-3],
      ['glm4_moe_lite-f16', 'f32', 1e-4],
    ] as const)('agrees with the goldens of %s, %s cache', (name, cache, limit) =>
      expectGoldens(page(), name, cache, limit),
    )
  })

  describe('the library', () => {
    const page = barePage(join(ROOT, 'public'))
    beforeAll(() =>
      page().evaluate(async () => {
        Object.assign(globalThis, { model: await hadal.loadModel('./models/lanternfish') })
      }),
    )
    test.each(COMPLETIONS.map((item, index) => [index, item] as const))(
      'reproduces golden completion %i token for token',
      async (_, item) => expect(await page().evaluate(completeInPage, item)).toEqual(item.completion_ids),
    )
  })
})
