// Setup of the store tests: a host with model files, a browser profile, a tab, and an empty store.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Worker } from 'playwright'
import { afterAll, beforeAll, beforeEach } from 'vitest'
import { noise } from '../../weights/make-safetensors.ts'
import { type StoreHost, startStoreHost } from './host.ts'
import { launchProfile, openTab, type ProfileBrowser } from './profile.ts'
import { download, type PublishedFacts } from './tasks.ts'
import type { WorkerTools } from './worker.ts'

declare const clear: WorkerTools['clear']

export const SOURCE = 'hf:org/model'
export const RANGE_BYTES = 2 ** 18
export const FILE_BYTES = {
  'config.json': 900,
  'part/1.safetensors': 2 ** 21 + 5,
  'part/2.safetensors': 2 ** 21 + 77,
  empty: 0,
}
export const FILE_NAMES = Object.keys(FILE_BYTES)

export interface StoreTest {
  host: StoreHost
  browser: ProfileBrowser
  /** The worker of an open tab. */
  tab: Worker
  facts: PublishedFacts
  /** Downloads all files; returns the hashes of what is stored. */
  fetchAll(options?: {
    worker?: Worker
    facts?: PublishedFacts
  }): Promise<Awaited<ReturnType<typeof download>>>
  /** The hashes of the host's files: the expected result. */
  expectedHashes(): Record<string, string | undefined>
}

/** Registers the hooks. They fill the returned object before each test. */
export function useStore(): StoreTest {
  const profile = mkdtempSync(join(tmpdir(), 'hadal-profile-'))
  const used = {
    fetchAll: ({ worker = used.tab, facts = used.facts } = {}) =>
      worker.evaluate(download, { place: SOURCE, facts, files: FILE_NAMES, rangeBytes: RANGE_BYTES }),
    expectedHashes: () =>
      Object.fromEntries(FILE_NAMES.map((path) => [path, used.host.facts()[path]?.sha256])),
  } as StoreTest

  beforeAll(async () => {
    used.host = await startStoreHost()
    used.browser = await launchProfile(profile)
    used.tab = await openTab(used.browser, used.host.url)
  })

  beforeEach(async () => {
    for (const [at, path] of FILE_NAMES.entries())
      used.host.put(path, noise(Object.values(FILE_BYTES)[at] ?? 0, at))
    used.facts = used.host.facts()
    await used.tab.evaluate(() => clear())
    used.host.resetCounts()
    used.host.pauseMs = 0
  })

  afterAll(async () => {
    await used.browser?.kill()
    await used.host?.close()
    rmSync(profile, { recursive: true, force: true, maxRetries: 5 })
  })
  return used
}
