// Tests that a download resumes after Chromium is killed at any byte, twenty times.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { seededRandom } from '../support/numbers.ts'
import { noise } from '../weights/make-safetensors.ts'
import { describeInChromium } from './chromium.ts'
import { type StoreHost, startStoreHost } from './store/host.ts'
import { launchProfile, openTab } from './store/profile.ts'
import type { WorkerTools } from './store/worker.ts'

declare const store: WorkerTools['store']
declare const hub: WorkerTools['hub']
declare const hashes: WorkerTools['hashes']

const KILLS = 20
// By default ranges have 8 MiB, and at most 16 MiB per connection may be downloaded again. Here both are
// scaled by 1/32.
const JOB = { rangeBytes: 2 ** 18, parallel: 4, place: 'hf:org/killed' }
const MAX_REFETCHED_BYTES = 2 * JOB.rangeBytes * JOB.parallel
const FILES = ['config.json', 'model-1.safetensors', 'model-2.safetensors', 'model-3.safetensors']

describeInChromium('a download that is killed repeatedly', () => {
  const profile = mkdtempSync(join(tmpdir(), 'hadal-profile-'))
  let host: StoreHost

  beforeAll(async () => {
    host = await startStoreHost()
    for (const [at, path] of FILES.entries())
      host.put(path, noise(at === 0 ? 1000 : 16 * 2 ** 20 + 7 * at, at))
    host.pauseMs = 1
  })

  afterAll(async () => {
    await host?.close()
    rmSync(profile, { recursive: true, force: true, maxRetries: 5 })
  })

  test('resumes, downloads at most the ranges in flight again, and ends with the right bytes', async () => {
    const random = seededRandom(20)
    const facts = host.facts()
    const refetched: number[] = []
    for (let kill = 0; kill < KILLS; kill++) {
      const browser = await launchProfile(profile)
      const worker = await openTab(browser, host.url)
      const killAt = Math.floor(random() * 4.5 * 2 ** 20)
      const reached = new Promise<void>((done) => {
        host.onSent = (bytes) => bytes >= killAt && done()
      })
      const run = worker.evaluate(download, { facts, files: FILES, job: JOB }).then(
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
    const found = await worker.evaluate(download, { facts, files: FILES, job: JOB })
    refetched.push(host.sent().again)
    await browser.kill()
    console.info(`stored before the last run: ${JSON.stringify(before)}`)
    console.info(`bytes downloaded again after each kill: ${refetched.join(' ')}`)
    expect(found).toEqual(Object.fromEntries(FILES.map((path) => [path, facts[path]?.sha256])))
    // The host counts bytes that are still in a socket as sent, so all ranges in flight may count.
    expect(Math.max(...refetched)).toBeLessThanOrEqual(JOB.rangeBytes * JOB.parallel)
    expect(Math.max(...refetched)).toBeLessThan(MAX_REFETCHED_BYTES)
    expect(before[0]?.bytes).toBeGreaterThan(2 ** 24)
  })
})

/** Runs in the worker: downloads the files and returns the hashes of what is stored. */
async function download(task: {
  facts: Parameters<WorkerTools['hub']>[0]
  files: string[]
  job: { rangeBytes: number; parallel: number; place: string }
}): Promise<Record<string, string>> {
  const stored = await store.download(task.job.place, hub(task.facts), task.files, task.job)
  const found = await hashes(stored, task.files)
  await stored.close()
  return found
}
