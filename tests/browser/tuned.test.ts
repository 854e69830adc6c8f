// Tests that stored tuning winners reach the worker of the library, and can be deleted.
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type * as Core from '../../src/core.ts'
import type * as Hadal from '../../src/index.ts'
import { describeInChromium, openBarePage, ROOT } from './chromium.ts'

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
        const model = await hadal.loadModel('models/lanternfish')
        const { variants, notices } = model.info
        await model.unload()
        return { rows: variants.find(({ decision }) => decision === 'rows'), notices }
      }
      await core.writeTuned('another adapter', { rows: 'alone' })
      await core.writeTuned(key, { rows: 'lanes_32', attention: 'by hand' })
      const kept = await core.readTuned(key)
      const tuned = await load()
      await core.writeTuned(key, undefined)
      const others = [await core.readTuned(key), await core.readTuned('another adapter')]
      return [kept, tuned, others, await load()] as const
    })
    expect(kept).toEqual({ rows: 'lanes_32', attention: 'by hand' })
    expect(tuned).toMatchObject({ rows: { variant: 'lanes_32' }, notices: [] })
    expect(tuned.rows?.why).toMatch(/measured/)
    expect(others).toEqual([undefined, { rows: 'alone' }])
    expect(plain.rows?.variant).not.toBe('lanes_32')
  })
})
