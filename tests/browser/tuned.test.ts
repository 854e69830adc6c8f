// Tests that stored tuning winners reach the worker of the library, and can be deleted.
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type * as Core from '../../src/core.ts'
import type * as Hadal from '../../src/index.ts'
import { describeInChromium, openBarePage } from './chromium.ts'
import { ROOT } from './pages.ts'

declare const hadal: Pick<typeof Hadal, 'loadModel'>
declare const core: Pick<typeof Core, 'readTuned' | 'tuningKeyOf' | 'writeTuned'>

describeInChromium('tuning winners in the browser', () => {
  let bare: Awaited<ReturnType<typeof openBarePage>>
  beforeAll(async () => {
    bare = await openBarePage(join(ROOT, 'public'))
  })
  afterAll(() => bare?.close())

  test('are read by the worker, checked, and deleted', async () => {
    const [kept, tuned, others, plain] = await bare.page.evaluate(async () => {
      const key = (await core.tuningKeyOf()) ?? ''
      const load = async () => {
        const model = await hadal.loadModel('./models/lanternfish')
        const { variants, notices } = model.info
        await model.unload()
        return { matvec: variants.find(({ decision }) => decision === 'matvec'), notices }
      }
      await core.writeTuned('another adapter', { matvec: 'single' })
      await core.writeTuned(key, { matvec: 'lanes32', attention: 'by hand' })
      const kept = await core.readTuned(key)
      const tuned = await load()
      await core.writeTuned(key, undefined)
      const others = [await core.readTuned(key), await core.readTuned('another adapter')]
      return [kept, tuned, others, await load()] as const
    })
    expect(kept).toEqual({ matvec: 'lanes32', attention: 'by hand' })
    expect(tuned).toMatchObject({ matvec: { variant: 'lanes32' }, notices: [] })
    expect(tuned.matvec?.why).toMatch(/measured/)
    expect(others).toEqual([undefined, { matvec: 'single' }])
    expect(plain.matvec?.variant).not.toBe('lanes32')
  })
})
