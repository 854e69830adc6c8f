// Tests of stored downloads in Chromium: offline use, two tabs, damage, changed hosts, full disks.
import { expect, test, vi } from 'vitest'
import { noise } from '../weights/make-safetensors.ts'
import { describeInChromium } from './chromium.ts'
import { openTab } from './store/profile.ts'
import { FILE_BYTES, FILE_NAMES, RANGE_BYTES, SOURCE, useStore } from './store/setup.ts'
import {
  download,
  downloadFailing,
  downloadUntilAborted,
  downloadUntilWaiting,
  type PublishedFacts,
} from './store/tasks.ts'
import type { WorkerTools } from './store/worker.ts'

declare const store: WorkerTools['store']
declare const hashes: WorkerTools['hashes']
declare const tamper: WorkerTools['tamper']
declare const clear: WorkerTools['clear']
declare const held: WorkerTools['held']

describeInChromium('a stored download', () => {
  const used = useStore()

  test('stores its bytes, reads them offline, and downloads none twice', async () => {
    const first = await used.fetchAll()
    expect(first).toEqual({ found: used.expectedHashes(), dropped: [] })
    const total = FILE_NAMES.reduce((sum, path) => sum + (used.facts[path]?.bytes ?? 0), 0)
    expect(used.host.sent()).toEqual({ bytes: total, again: 0 })
    const [model, offline, missing] = await used.tab.evaluate(
      async ({ place, files }) => {
        const source = await store.open(place)
        const found = source && (await hashes(source, files))
        await source?.close()
        return [(await store.list())[0], found, await store.open('hf:org/other')] as const
      },
      { place: SOURCE, files: FILE_NAMES },
    )
    expect(model).toMatchObject({
      name: 'model',
      key: SOURCE,
      bytes: total,
      totalBytes: total,
      complete: true,
      kind: 'original',
    })
    expect(Date.now() - (model?.savedAt ?? 0)).toBeLessThan(300_000)
    expect(offline).toEqual(used.expectedHashes())
    expect(missing).toBeUndefined()
    expect(await used.fetchAll()).toEqual(first)
    expect(used.host.sent().bytes).toBe(0)
  })

  test('downloads once for two tabs, and a waiting tab can cancel', async () => {
    const other = await openTab(used.browser, used.host.url)
    used.host.pauseMs = 2
    const wait = { place: SOURCE, facts: used.facts, files: FILE_NAMES, rangeBytes: RANGE_BYTES }
    const [first, second, left] = await Promise.all([
      used.fetchAll(),
      used.fetchAll({ worker: other }),
      other.evaluate(downloadUntilWaiting, wait),
    ])
    expect(first.found).toEqual(used.expectedHashes())
    expect(second.found).toEqual(used.expectedHashes())
    expect(left).toBe('aborted')
    expect(used.host.sent().again).toBe(0)
  })

  test('stores a slow range in parts, lists it in another tab, and resumes after cancelling', async () => {
    used.host.pauseMs = 40
    const cancelled = used.tab.evaluate(downloadUntilAborted, {
      place: SOURCE,
      facts: used.facts,
      files: FILE_NAMES,
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
    expect((await used.fetchAll()).found).toEqual(used.expectedHashes())
    // Whole pieces that were in flight at the abort.
    expect(used.host.sent().again).toBeLessThan(2 ** 19)
  })

  test('finds a changed byte on disk and downloads only its range again', async () => {
    await used.fetchAll()
    used.host.sent()
    const [damage, opened] = await used.tab.evaluate(async (place) => {
      await tamper('1.bin', 300_000, (byte) => byte ^ 4)
      return [await store.verify(place), await store.open(place)] as const
    }, SOURCE)
    expect(damage).toEqual([{ file: 'part/1.safetensors', start: RANGE_BYTES, end: 2 * RANGE_BYTES }])
    expect(opened).toBeUndefined()
    expect(await used.fetchAll()).toEqual({ found: used.expectedHashes(), dropped: [] })
    expect(used.host.sent()).toEqual({ bytes: RANGE_BYTES, again: RANGE_BYTES })
  })

  test('trusts a damaged journal only as far as the bytes on disk match', async () => {
    await used.fetchAll()
    used.host.sent()
    const opened = await used.tab.evaluate(async (place) => {
      await tamper('journal', 700, (byte) => byte ^ 1)
      await tamper('0.bin', 0, (byte) => byte ^ 1)
      return await store.open(place)
    }, SOURCE)
    expect(opened).toBeUndefined()
    expect((await used.fetchAll()).found).toEqual(used.expectedHashes())
    expect(used.host.sent().bytes).toBeGreaterThan(0)
  })

  test('drops only files that changed on the host, with a reason', async () => {
    await used.fetchAll()
    used.host.put('part/2.safetensors', noise(FILE_BYTES['part/2.safetensors'], 99))
    used.host.sent()
    const again = await used.fetchAll({ facts: used.host.facts() })
    expect(again).toEqual({
      found: used.expectedHashes(),
      dropped: ['part/2.safetensors: The host now publishes a different hash.'],
    })
    expect(used.host.sent().bytes).toBe(FILE_BYTES['part/2.safetensors'])
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

  test('downloads a file with wrong bytes once more, then fails', async () => {
    const wrong: PublishedFacts = { ...used.facts, 'config.json': { bytes: 900, sha256: '0'.repeat(64) } }
    used.host.sent()
    const failed = await used.tab.evaluate(downloadFailing, {
      place: SOURCE,
      facts: wrong,
      files: ['config.json'],
      rangeBytes: RANGE_BYTES,
    })
    expect(failed).toMatchObject({
      code: 'bad_file',
      message: expect.stringContaining('config.json does not match'),
    })
    expect(used.host.sent().bytes).toBe(2 * 900)
  })

  test('reports the space it needs before downloading, and keeps what is stored', async () => {
    const { host, browser, tab } = used
    const devtools = await browser.context.newCDPSession(await browser.context.newPage())
    const origin = new URL(host.url).origin
    const limit = (quota: { quotaSize?: number }) =>
      devtools.send('Storage.overrideQuotaForOrigin', { origin, ...quota })
    host.put('large', noise(2 ** 23, 7))
    const part = {
      place: SOURCE,
      facts: host.facts(),
      files: ['config.json', 'part/1.safetensors'],
      rangeBytes: RANGE_BYTES,
    }
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
      expect(kept).toMatchObject({ key: SOURCE, bytes: 900 + FILE_BYTES['part/1.safetensors'] })
      await limit({})
      expect((await used.tab.evaluate(download, whole)).found.large).toBe(whole.facts.large?.sha256)
      expect(host.sent().again).toBe(0)
    } finally {
      await limit({})
      host.files.delete('data/large')
    }
  })
})
