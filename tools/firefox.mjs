// Launches Firefox with WebGPU on lavapipe, for tests and measurements.
import puppeteer from 'puppeteer-core'

/** Turns WebGPU on where it is off by default; lavapipe is on the list of blocked drivers. */
const WEBGPU_PREFERENCES = { 'dom.webgpu.enabled': true, 'gfx.webgpu.ignore-blocklist': true }

/** Whatever the browser itself requests ends at a closed port; localhost needs no proxy. */
const OFFLINE_PREFERENCES = {
  'network.proxy.type': 1,
  'network.proxy.http': '127.0.0.1',
  'network.proxy.http_port': 9,
  'network.proxy.ssl': '127.0.0.1',
  'network.proxy.ssl_port': 9,
}

/** No animations: a software GPU has better things to do, and axe needs pages at rest. */
const STILL_PREFERENCES = { 'ui.prefersReducedMotion': 1 }

/** A software GPU is slow. */
const SLOW_MS = 500_000

/**
 * Headless Firefox whose only adapter is lavapipe, without requests of the browser itself.
 * @param {string} executablePath
 * @param {string} lavapipe path of the driver's JSON file, for VK_DRIVER_FILES
 */
export function launchFirefox(executablePath, lavapipe) {
  return puppeteer.launch({
    browser: 'firefox',
    protocol: 'webDriverBiDi',
    executablePath,
    headless: true,
    protocolTimeout: SLOW_MS,
    env: { ...process.env, VK_DRIVER_FILES: lavapipe },
    extraPrefsFirefox: { ...WEBGPU_PREFERENCES, ...OFFLINE_PREFERENCES, ...STILL_PREFERENCES },
  })
}
