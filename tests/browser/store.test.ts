// Answers: does a download keep its promises in a real browser: offline, two tabs, damage, changed hosts, full disks?
// Killing is another test.
import { expect, test, vi } from 'vitest'
import { noise } from '../weights/make-safetensors.ts'
import { describeInChromium } from './chromium.ts'
import { openTab } from './store/profile.ts'
import { files, place, rangeBytes, sizes, useStore } from './store/setup.ts'
import {
  download,
  downloadFailing,
  downloadUntilAborted,
  downloadUntilWaiting,
  type Facts,
} from './store/tasks.ts'
import type { Tools } from './store/worker.ts'

declare const store: Tools['store']
declare const hashes: Tools['hashes']
declare const tamper: Tools['tamper']
declare const clear: Tools['clear']
declare const held: Tools['held']

describeInChromium('a stored download', () => {
  const used = useStore()

  test('keeps what it downloaded, reads it offline, and asks for no byte twice', async () => {
    const first = await used.fetchAll()
    expect(first).toEqual({ found: used.right(), dropped: [] })
    const total = files.reduce((sum, path) => sum + (used.facts[path]?.bytes ?? 0), 0)
    expect(used.host.sent()).toEqual({ bytes: total, again: 0 })
    const [model, offline, missing] = await used.tab.evaluate(
      async ({ place, files }) => {
        const source = await store.open(place)
        const found = source && (await hashes(source, files))
        await source?.close()
        return [(await store.list())[0], found, await store.open('hf:org/other')] as const
      },
      { place, files },
    )
    expect(model).toMatchObject({
      name: 'model',
      place,
      bytes: total,
      totalBytes: total,
      complete: true,
      kind: 'original',
    })
    expect(Date.now() - (model?.savedAt ?? 0)).toBeLessThan(300_000)
    expect(offline).toEqual(used.right())
    expect(missing).toBeUndefined()
    expect(await used.fetchAll()).toEqual(first)
    expect(used.host.sent().bytes).toBe(0)
  })

  test('lets two tabs ask at once and downloads once; who waits may leave', async () => {
    const other = await openTab(used.browser, used.host.url)
    used.host.pauseMs = 2
    const wait = { place, facts: used.facts, files, rangeBytes }
    const [first, second, left] = await Promise.all([
      used.fetchAll(),
      used.fetchAll({ worker: other }),
      other.evaluate(downloadUntilWaiting, wait),
    ])
    expect(first.found).toEqual(used.right())
    expect(second.found).toEqual(used.right())
    expect(left).toBe('aborted')
    expect(used.host.sent().again).toBe(0)
  })

  test('keeps a slow range in parts, shows it in the list of another tab, and goes on after a cancelled download', async () => {
    used.host.pauseMs = 40
    const cancelled = used.tab.evaluate(downloadUntilAborted, {
      place,
      facts: used.facts,
      files,
      rangeBytes: 2 ** 22,
    })
    const other = await openTab(used.browser, used.host.url)
    const listing = async () => {
      const [listed] = await other.evaluate(() => store.list())
      expect(listed).toMatchObject({ complete: false })
      expect(listed?.bytes).toBeGreaterThan(2 ** 19)
    }
    await vi.waitFor(listing, { timeout: 60_000 })
    await used.tab.evaluate(() => held.abort())
    expect(await cancelled).toBe('aborted')
    used.host.pauseMs = 0
    used.host.sent()
    expect((await used.fetchAll()).found).toEqual(used.right())
    // Whole pieces that were on their way when the tab let go.
    expect(used.host.sent().again).toBeLessThan(2 ** 19)
  })

  test('finds a byte that the disk changed and fetches only its range again', async () => {
    await used.fetchAll()
    used.host.sent()
    const [damage, opened] = await used.tab.evaluate(async (place) => {
      await tamper('1.bin', 300_000, (byte) => byte ^ 4)
      return [await store.verify(place), await store.open(place)] as const
    }, place)
    expect(damage).toEqual([{ file: 'part/1.safetensors', start: rangeBytes, end: 2 * rangeBytes }])
    expect(opened).toBeUndefined()
    expect(await used.fetchAll()).toEqual({ found: used.right(), dropped: [] })
    expect(used.host.sent()).toEqual({ bytes: rangeBytes, again: rangeBytes })
  })

  test('believes of a damaged journal only what is still on the disk', async () => {
    await used.fetchAll()
    used.host.sent()
    const opened = await used.tab.evaluate(async (place) => {
      await tamper('journal', 700, (byte) => byte ^ 1)
      await tamper('0.bin', 0, (byte) => byte ^ 1)
      return await store.open(place)
    }, place)
    expect(opened).toBeUndefined()
    expect((await used.fetchAll()).found).toEqual(used.right())
    expect(used.host.sent().bytes).toBeGreaterThan(0)
  })

  test('drops what changed on the host, with a reason, and nothing else', async () => {
    await used.fetchAll()
    used.host.put('part/2.safetensors', noise(sizes['part/2.safetensors'], 99))
    used.host.sent()
    const again = await used.fetchAll({ facts: used.host.facts() })
    expect(again).toEqual({
      found: used.right(),
      dropped: ['part/2.safetensors: The host now publishes another hash of it.'],
    })
    expect(used.host.sent().bytes).toBe(sizes['part/2.safetensors'])
    const versions = Object.fromEntries(
      Object.entries(used.host.facts()).map(([path, { bytes }]) => [
        path,
        { bytes, version: path === 'empty' ? '2' : '1' },
      ]),
    )
    const older = { ...versions, empty: { bytes: 0, version: '1' } }
    await used.tab.evaluate(() => clear())
    await used.fetchAll({ facts: older })
    expect((await used.fetchAll({ facts: versions })).dropped).toEqual(['empty: It changed on the host.'])
  })

  test('fetches a file with the wrong bytes once more, then says so', async () => {
    const wrong: Facts = { ...used.facts, 'config.json': { bytes: 900, sha256: '0'.repeat(64) } }
    used.host.sent()
    const failed = await used.tab.evaluate(downloadFailing, {
      place,
      facts: wrong,
      files: ['config.json'],
      rangeBytes,
    })
    expect(failed).toMatchObject({
      code: 'bad_file',
      message: expect.stringContaining('config.json does not match'),
    })
    expect(used.host.sent().bytes).toBe(2 * 900)
  })

  test('says how much room it needs before it fetches, and keeps what is there', async () => {
    const { host, browser, tab } = used
    const devtools = await browser.context.newCDPSession(await browser.context.newPage())
    const origin = new URL(host.url).origin
    const limit = (quota: { quotaSize?: number }) =>
      devtools.send('Storage.overrideQuotaForOrigin', { origin, ...quota })
    host.put('large', noise(2 ** 23, 7))
    const part = { place, facts: host.facts(), files: ['config.json', 'part/1.safetensors'], rangeBytes }
    const whole = { ...part, files: [...part.files, 'large'] }
    try {
      await limit({ quotaSize: 6 * 2 ** 20 })
      const refused = await tab.evaluate(downloadFailing, whole)
      expect(refused).toMatchObject({
        code: 'storage_full',
        message: expect.stringContaining('needs 10 MiB'),
      })
      expect(host.sent().bytes).toBe(0)
      expect((await tab.evaluate(download, part)).dropped).toEqual([])
      const more = await tab.evaluate(downloadFailing, whole)
      expect(more).toMatchObject({ code: 'storage_full', message: expect.stringContaining('needs 8.0 MiB') })
      const [kept] = await tab.evaluate(() => store.list())
      expect(kept).toMatchObject({ place, bytes: 900 + sizes['part/1.safetensors'] })
      await limit({})
      expect((await used.tab.evaluate(download, whole)).found.large).toBe(whole.facts.large?.sha256)
      expect(host.sent().again).toBe(0)
    } finally {
      await limit({})
      host.files.delete('data/large')
    }
  })
})
