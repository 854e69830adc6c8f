// Instructions for turning on WebGPU, by browser and operating system.
import { strings } from '../strings/strings.ts'
import type { MissingWebGpu } from './models/load-state.ts'

export interface WebGpuInstructions {
  readonly browser: string
  readonly title: string
  /** In order; text between backquotes is shown with a copy button. */
  readonly steps: readonly string[]
}

type BrowserName = 'Chrome' | 'Edge' | 'Firefox' | 'Safari' | 'this browser'
type OperatingSystem = 'Linux' | 'Android' | 'iOS' | 'other'

function chromiumSteps(scheme: string, system: OperatingSystem): string[] {
  const text = strings.value.app.webgpu
  const linux = system === 'Linux' ? [text.chromiumLinux(scheme)] : []
  return [...text.chromium(scheme), ...linux, ...text.chromiumEnd(scheme)]
}

function firefoxSteps(system: OperatingSystem): string[] {
  const text = strings.value.app.webgpu
  return [...text.firefox, ...(system === 'Linux' ? [text.firefoxLinux] : []), text.firefoxEnd]
}

/**
 * Instructions for the browser of `userAgent`. `touch`: it has a touch screen, which tells an iPad from a
 * Mac.
 */
export function webGpuInstructions(
  missing: MissingWebGpu,
  userAgent: string,
  touch = false,
): WebGpuInstructions {
  const text = strings.value.app.webgpu
  if (missing === 'secure')
    return { browser: 'this browser', title: text.insecure, steps: text.insecureSteps }
  const system = detectSystem(userAgent, touch)
  const browser = system === 'iOS' ? 'Safari' : detectBrowser(userAgent)
  const known = browser !== 'this browser'
  const title =
    missing === 'adapter'
      ? text.noGpu(known ? browser : text.thisBrowserFirst)
      : text.off(known ? browser : text.thisBrowser)
  return { browser, title, steps: stepsFor(browser, system) }
}

function stepsFor(browser: BrowserName, system: OperatingSystem): readonly string[] {
  const text = strings.value.app.webgpu
  if (browser === 'Chrome') return chromiumSteps('chrome', system)
  if (browser === 'Edge') return chromiumSteps('edge', system)
  if (browser === 'Firefox') return firefoxSteps(system)
  if (browser === 'Safari') return system === 'iOS' ? text.ios : text.mac
  return [text.other]
}

// User agents also contain the names of older browsers, so the order matters.
function detectBrowser(userAgent: string): BrowserName {
  if (/\bFirefox\//.test(userAgent)) return 'Firefox'
  if (/\bEdgA?\//.test(userAgent)) return 'Edge'
  if (/\b(Chrome|Chromium|HeadlessChrome)\//.test(userAgent)) return 'Chrome'
  if (/\bVersion\/.*\bSafari\//.test(userAgent)) return 'Safari'
  return 'this browser'
}

function detectSystem(userAgent: string, touch: boolean): OperatingSystem {
  if (/\b(iPhone|iPad|iPod)\b/.test(userAgent) || (touch && /\bMacintosh\b/.test(userAgent))) return 'iOS'
  if (/\bAndroid\b/.test(userAgent)) return 'Android'
  return /\bLinux\b/.test(userAgent) ? 'Linux' : 'other'
}
