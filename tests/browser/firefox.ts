// Launches Firefox with WebGPU on lavapipe for tests.
import { existsSync } from 'node:fs'
import puppeteer, { type Browser } from 'puppeteer-core'
import { describe } from 'vitest'
import { LAVAPIPE } from '../support/adapter.ts'

const FIREFOX_PATH = process.env.HADAL_FIREFOX || '/usr/bin/firefox-esr'

/** `describe`, skipped without Firefox or lavapipe; where adapters are required, their absence fails. */
export const describeInFirefox = describe.skipIf(
  !(existsSync(FIREFOX_PATH) && LAVAPIPE !== '') && !process.env.HADAL_REQUIRE_ADAPTERS,
)

/** Turns WebGPU on where it is off by default, also in workers. */
const WEBGPU_PREFERENCES = {
  'dom.webgpu.enabled': true,
  'dom.webgpu.workers.enabled': true,
  'gfx.webgpu.force-enabled': true,
  'gfx.webgpu.ignore-blocklist': true,
}

/** Whatever the browser itself requests ends at a closed port; localhost needs no proxy. */
const OFFLINE_PREFERENCES = {
  'network.proxy.type': 1,
  'network.proxy.http': '127.0.0.1',
  'network.proxy.http_port': 9,
  'network.proxy.ssl': '127.0.0.1',
  'network.proxy.ssl_port': 9,
}

/** A software GPU is slow. */
const SLOW_MS = 500_000

/** Headless Firefox whose only adapter is lavapipe, without requests of the browser itself. */
export function launchFirefox(): Promise<Browser> {
  return puppeteer.launch({
    browser: 'firefox',
    protocol: 'webDriverBiDi',
    executablePath: FIREFOX_PATH,
    headless: true,
    protocolTimeout: SLOW_MS,
    env: { ...process.env, VK_DRIVER_FILES: LAVAPIPE },
    extraPrefsFirefox: { ...WEBGPU_PREFERENCES, ...OFFLINE_PREFERENCES },
  })
}
