// Answers: does a download that is killed at any byte go on there? Chromium is killed without warning, twenty times.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { generator } from '../support/numbers.ts'
import { noise } from '../weights/make-safetensors.ts'
import { describeInChromium } from './chromium.ts'
import { type StoreHost, startStoreHost } from './store/host.ts'
import { launchProfile, openTab } from './store/profile.ts'
import type { Tools } from './store/worker.ts'

declare const store: Tools['store']
declare const hub: Tools['hub']
declare const hashes: Tools['hashes']

const kills = 20
// Ranges are 8 MiB by default, and the promise is to fetch less than 16 MiB per connection again: both scaled by 1/32.
const job = { rangeBytes: 2 ** 18, parallel: 4, place: 'hf:org/killed' }
const promisedBytes = 2 * job.rangeBytes * job.parallel
const files = ['config.json', 'model-1.safetensors', 'model-2.safetensors', 'model-3.safetensors']

describeInChromium('a download that is killed again and again', () => {
  const profile = mkdtempSync(join(tmpdir(), 'hadal-profile-'))
  let host: StoreHost

  beforeAll(async () => {
    host = await startStoreHost()
    for (const [at, path] of files.entries())
      host.put(path, noise(at === 0 ? 1000 : 16 * 2 ** 20 + 7 * at, at))
    host.pauseMs = 1
  })

  afterAll(async () => {
    await host?.close()
    rmSync(profile, { recursive: true, force: true, maxRetries: 5 })
  })

  test(`goes on where it was, fetches no more than what was under way again, and ends right`, async () => {
    const random = generator(20)
    const facts = host.facts()
    const refetched: number[] = []
    for (let kill = 0; kill < kills; kill++) {
      const browser = await launchProfile(profile)
      const worker = await openTab(browser, host.url)
      const killAt = Math.floor(random() * 4.5 * 2 ** 20)
      const reached = new Promise<void>((done) => {
        host.onSent = (bytes) => bytes >= killAt && done()
      })
      const run = worker.evaluate(download, { facts, files, job }).then(
        () => 'done',
        () => 'killed',
      )
      await Promise.race([reached, run])
      await browser.kill()
      expect(await run).toBe('killed')
      refetched.push(host.sent().again)
    }
    const browser = await launchProfile(profile)
    const worker = await openTab(browser, host.url)
    host.pauseMs = 0
    host.onSent = () => undefined
    const before = await worker.evaluate(() => store.list())
    const found = await worker.evaluate(download, { facts, files, job })
    refetched.push(host.sent().again)
    await browser.kill()
    console.info(
      `stored before the last run: ${JSON.stringify(before)}; fetched again after each kill: ${refetched.join(' ')}`,
    )
    expect(found).toEqual(Object.fromEntries(files.map((path) => [path, facts[path]?.sha256])))
    // A range counts as sent while it still lies in a socket, so that all that was under way may count.
    expect(Math.max(...refetched)).toBeLessThanOrEqual(job.rangeBytes * job.parallel)
    expect(Math.max(...refetched)).toBeLessThan(promisedBytes)
    expect(before[0]?.bytes).toBeGreaterThan(2 ** 24)
  })
})

/** Runs in the worker: downloads, and says what lies in the store then. */
async function download(task: {
  facts: Parameters<Tools['hub']>[0]
  files: string[]
  job: { rangeBytes: number; parallel: number; place: string }
}): Promise<Record<string, string>> {
  const stored = await store.download(task.job.place, hub(task.facts), task.files, task.job)
  const found = await hashes(stored, task.files)
  await stored.close()
  return found
}
