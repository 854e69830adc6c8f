// Answers: what does every test of the store begin with? A host with the files of a model, a browser with a profile, a tab, and
// an empty store. It must not know what is tested.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Worker } from 'playwright'
import { afterAll, beforeAll, beforeEach } from 'vitest'
import { noise } from '../../weights/make-safetensors.ts'
import { type StoreHost, startStoreHost } from './host.ts'
import { launchProfile, openTab, type ProfileBrowser } from './profile.ts'
import { download, type Facts } from './tasks.ts'
import type { Tools } from './worker.ts'

declare const clear: Tools['clear']

export const place = 'hf:org/model'
export const rangeBytes = 2 ** 18
export const sizes = {
  'config.json': 900,
  'part/1.safetensors': 2 ** 21 + 5,
  'part/2.safetensors': 2 ** 21 + 77,
  empty: 0,
}
export const files = Object.keys(sizes)

export interface Used {
  host: StoreHost
  browser: ProfileBrowser
  /** The worker of an open tab. */
  tab: Worker
  facts: Facts
  /** Downloads all files as the host has them. */
  fetchAll(options?: { worker?: Worker; facts?: Facts }): Promise<Awaited<ReturnType<typeof download>>>
  /** The hashes of the host's files. */
  right(): Record<string, string | undefined>
}

/** Registers the hooks; what is returned is filled before each test. */
export function useStore(): Used {
  const profile = mkdtempSync(join(tmpdir(), 'hadal-profile-'))
  const used = {
    fetchAll: ({ worker = used.tab, facts = used.facts } = {}) =>
      worker.evaluate(download, { place, facts, files, rangeBytes }),
    right: () => Object.fromEntries(files.map((path) => [path, used.host.facts()[path]?.sha256])),
  } as Used

  beforeAll(async () => {
    used.host = await startStoreHost()
    used.browser = await launchProfile(profile)
    used.tab = await openTab(used.browser, used.host.url)
  })

  beforeEach(async () => {
    for (const [at, path] of files.entries()) used.host.put(path, noise(Object.values(sizes)[at] ?? 0, at))
    used.facts = used.host.facts()
    await used.tab.evaluate(() => clear())
    used.host.forget()
    used.host.pauseMs = 0
  })

  afterAll(async () => {
    await used.browser?.kill()
    await used.host?.close()
    rmSync(profile, { recursive: true, force: true, maxRetries: 5 })
  })
  return used
}
