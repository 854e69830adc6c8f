// Tests that the documents' programs for pages run to their end in Chromium, and log what the documents say.
import { afterAll, beforeAll, expect, it } from 'vitest'
import { describeInChromium } from '../browser/chromium.ts'
import { placeOf } from './kinds.ts'
import { HTML_PAGES, PAGE_PROGRAMS, PageWorld } from './page-world.ts'

describeInChromium('in a page, the programs of', () => {
  let world: PageWorld
  beforeAll(async () => {
    world = await PageWorld.open()
  })
  afterAll(() => world?.close())

  it.each(PAGE_PROGRAMS.map((program) => [`${program.file} (${program.kind})`, program] as const))(
    '%s run',
    async (_, program) => {
      const logged = await world.run(program)
      for (const part of program.outputs) expect(logged).toContain(part)
    },
  )

  it.each(HTML_PAGES.map((block) => [placeOf(block), block] as const))('%s answers', async (_, block) => {
    expect(await world.show(block)).toMatch(/\w/)
  })
})
