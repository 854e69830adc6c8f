// Answers: how is WebGPU turned on in this browser? It must not know why it is needed.
import type { MissingWebGpu } from './loading.ts'

export interface Help {
  readonly browser: string
  readonly title: string
  /** In order; a part between back-quotes is to be copied. */
  readonly steps: readonly string[]
}

type Browser = 'Chrome' | 'Edge' | 'Firefox' | 'Safari' | 'this browser'
type System = 'Linux' | 'Android' | 'iOS' | 'other'

const chromiumFlags = (scheme: string, system: System): string[] => [
  `Open \`${scheme}://settings/system\` and switch on “Use graphics acceleration when available”.`,
  `Open \`${scheme}://flags/#enable-unsafe-webgpu\` and choose Enabled.`,
  ...(system === 'Linux'
    ? [`On Linux, also open \`${scheme}://flags/#enable-vulkan\` and choose Enabled.`]
    : []),
  'Restart the browser, then come back to this page.',
  `Still nothing? \`${scheme}://gpu\` says why WebGPU is off; a newer graphics driver often helps.`,
]

const firefox = (system: System): string[] => [
  'Update Firefox: on Windows and on Macs with Apple silicon WebGPU is on by default in current versions.',
  'Otherwise open `about:config` and set `dom.webgpu.enabled` to true.',
  ...(system === 'Linux' ? ['On Linux, Firefox Nightly is the version most likely to work.'] : []),
  'Restart Firefox, then come back to this page.',
]

const safari = (system: System): string[] =>
  system === 'iOS'
    ? [
        'Update to iOS or iPadOS 26 or newer: WebGPU is on by default there, in every browser.',
        'On iOS 18: Settings → Apps → Safari → Advanced → Feature Flags, switch on WebGPU.',
      ]
    : [
        'Update to Safari 26 or newer: WebGPU is on by default there.',
        'On Safari 18: Settings → Advanced, show features for web developers; then Feature Flags, switch on WebGPU.',
      ]

/** What to do, for the browser that calls itself `userAgent`. `touch`: it has a touch screen, which tells an iPad from a Mac. */
export function helpFor(missing: MissingWebGpu, userAgent: string, touch = false): Help {
  if (missing === 'secure') {
    return {
      browser: 'this browser',
      title: 'This address is not secure',
      steps: [
        'Browsers offer WebGPU only to pages from https:// or from this computer.',
        'Open the page through https, or through `http://localhost` on the computer that serves it.',
      ],
    }
  }
  const system = systemOf(userAgent, touch)
  const browser = system === 'iOS' ? 'Safari' : browserOf(userAgent)
  const title =
    missing === 'adapter' ? `${nameOf(browser)} found no GPU it can use` : `WebGPU is off in ${browser}`
  return { browser, title, steps: stepsFor(browser, system) }
}

function stepsFor(browser: Browser, system: System): string[] {
  if (browser === 'Chrome') return chromiumFlags('chrome', system)
  if (browser === 'Edge') return chromiumFlags('edge', system)
  if (browser === 'Firefox') return firefox(system)
  if (browser === 'Safari') return safari(system)
  return ['Use a current Chrome, Edge, Firefox or Safari: they all offer WebGPU.']
}

const nameOf = (browser: Browser) => (browser === 'this browser' ? 'This browser' : browser)

// Every browser also calls itself by the names of the older ones, so the order matters.
function browserOf(userAgent: string): Browser {
  if (/\bFirefox\//.test(userAgent)) return 'Firefox'
  if (/\bEdgA?\//.test(userAgent)) return 'Edge'
  if (/\b(Chrome|Chromium|HeadlessChrome)\//.test(userAgent)) return 'Chrome'
  if (/\bVersion\/.*\bSafari\//.test(userAgent)) return 'Safari'
  return 'this browser'
}

function systemOf(userAgent: string, touch: boolean): System {
  if (/\b(iPhone|iPad|iPod)\b/.test(userAgent) || (touch && /\bMacintosh\b/.test(userAgent))) return 'iOS'
  if (/\bAndroid\b/.test(userAgent)) return 'Android'
  return /\bLinux\b/.test(userAgent) ? 'Linux' : 'other'
}
