// Instructions for turning on WebGPU, by browser and operating system.
import type { MissingWebGpu } from './models/load-state.ts'

export interface WebGpuInstructions {
  readonly browser: string
  readonly title: string
  /** In order; text between backquotes is shown with a copy button. */
  readonly steps: readonly string[]
}

type BrowserName = 'Chrome' | 'Edge' | 'Firefox' | 'Safari' | 'this browser'
type OperatingSystem = 'Linux' | 'Android' | 'iOS' | 'other'

const chromiumSteps = (scheme: string, system: OperatingSystem): string[] => [
  `Open \`${scheme}://settings/system\` and turn on “Use graphics acceleration when available”.`,
  `Open \`${scheme}://flags/#enable-unsafe-webgpu\` and choose Enabled.`,
  ...(system === 'Linux'
    ? [`On Linux, also open \`${scheme}://flags/#enable-vulkan\` and choose Enabled.`]
    : []),
  'Restart the browser, then come back to this page.',
  `Still not working? \`${scheme}://gpu\` shows why WebGPU is off. A newer graphics driver often helps.`,
]

const firefoxSteps = (system: OperatingSystem): string[] => [
  'Update Firefox. Current versions have WebGPU on by default on Windows and on Macs with Apple silicon.',
  'Otherwise open `about:config` and set `dom.webgpu.enabled` to true.',
  ...(system === 'Linux'
    ? ['On Linux, also set `gfx.webgpu.ignore-blocklist` to true. Firefox 153 worked like that.']
    : []),
  'Restart Firefox, then come back to this page.',
]

const safariSteps = (system: OperatingSystem): string[] =>
  system === 'iOS'
    ? [
        'Update to iOS or iPadOS 26 or newer, where WebGPU is on by default in every browser.',
        'On iOS 18: Settings → Apps → Safari → Advanced → Feature Flags, then turn on WebGPU.',
      ]
    : [
        'Update to Safari 26 or newer, where WebGPU is on by default.',
        'On Safari 18: Settings → Advanced, show features for web developers. ' +
          'Then Feature Flags, turn on WebGPU.',
      ]

/**
 * Instructions for the browser of `userAgent`. `touch`: it has a touch screen, which tells an iPad from a
 * Mac.
 */
export function webGpuInstructions(
  missing: MissingWebGpu,
  userAgent: string,
  touch = false,
): WebGpuInstructions {
  if (missing === 'secure') {
    return {
      browser: 'this browser',
      title: 'This address is not secure',
      steps: [
        'Browsers allow WebGPU only on https:// pages and on pages served from this computer.',
        'Open this page over https, or as `http://localhost` on the computer that serves it.',
      ],
    }
  }
  const system = detectSystem(userAgent, touch)
  const browser = system === 'iOS' ? 'Safari' : detectBrowser(userAgent)
  const title =
    missing === 'adapter' ? `${browserTitle(browser)} found no GPU it can use` : `WebGPU is off in ${browser}`
  return { browser, title, steps: stepsFor(browser, system) }
}

function stepsFor(browser: BrowserName, system: OperatingSystem): string[] {
  if (browser === 'Chrome') return chromiumSteps('chrome', system)
  if (browser === 'Edge') return chromiumSteps('edge', system)
  if (browser === 'Firefox') return firefoxSteps(system)
  if (browser === 'Safari') return safariSteps(system)
  return ['Use a current Chrome, Edge, Firefox or Safari. All of them support WebGPU.']
}

const browserTitle = (browser: BrowserName) => (browser === 'this browser' ? 'This browser' : browser)

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
