// English texts: what all pages share, preferences and keyboard shortcuts.
export const app = {
  pages: {
    chat: { link: 'Chat', hint: 'Talk to a model in this tab' },
    bench: { link: 'Benchmark', hint: 'Measure what the KV cache costs on this device' },
    lab: { link: 'Kernel lab', hint: 'Check, time and edit the GPU kernels' },
    docs: { link: 'Docs', hint: 'Guides and the interface of the library' },
  },
  home: 'Hadal: the chat page',
  update: 'Update',
  updateHint: 'A new version is available. Click to reload.',
  loading: 'Loading…',
  partMissing: 'A part of this page could not be loaded. It may be offline, or there is a newer version.',
  reload: 'Reload the page',
  offline: 'Works offline',
  offlineHint: 'Everything this page needs is saved on this device.',
  saving: 'Saving for offline use…',

  file: 'File',
  tensor: 'Tensor',
  copied: 'Copied',
  notCopied: 'Could not copy',

  webgpu: {
    lead: 'Hadal runs on your GPU through WebGPU, which is not available in this browser right now.',
    again: 'Check again',
    copy: (text: string) => `Copy ${text}`,
    insecure: 'This address is not secure',
    insecureSteps: [
      'Browsers allow WebGPU only on https:// pages and on pages served from this computer.',
      'Open this page over https, or as `http://localhost` on the computer that serves it.',
    ],
    noGpu: (browser: string) => `${browser} found no GPU it can use`,
    off: (browser: string) => `WebGPU is off in ${browser}`,
    thisBrowser: 'this browser',
    thisBrowserFirst: 'This browser',
    chromium: (scheme: string) => [
      `Open \`${scheme}://settings/system\` and turn on “Use graphics acceleration when available”.`,
      `Open \`${scheme}://flags/#enable-unsafe-webgpu\` and choose Enabled.`,
    ],
    chromiumLinux: (scheme: string) =>
      `On Linux, also open \`${scheme}://flags/#enable-vulkan\` and choose Enabled.`,
    chromiumEnd: (scheme: string) => [
      'Restart the browser, then come back to this page.',
      `Still not working? \`${scheme}://gpu\` shows why WebGPU is off. A newer graphics driver often helps.`,
    ],
    firefox: [
      'Update Firefox. Current versions have WebGPU on by default on Windows and on Macs with Apple silicon.',
      'Otherwise open `about:config` and set `dom.webgpu.enabled` to true.',
    ],
    firefoxLinux: 'On Linux, also set `gfx.webgpu.ignore-blocklist` to true. Firefox 153 worked like that.',
    firefoxEnd: 'Restart Firefox, then come back to this page.',
    ios: [
      'Update to iOS or iPadOS 26 or newer, where WebGPU is on by default in every browser.',
      'On iOS 18: Settings → Apps → Safari → Advanced → Feature Flags, then turn on WebGPU.',
    ],
    mac: [
      'Update to Safari 26 or newer, where WebGPU is on by default.',
      'On Safari 18: Settings → Advanced, show features for web developers. ' +
        'Then Feature Flags, turn on WebGPU.',
    ],
    other: 'Use a current Chrome, Edge, Firefox or Safari. All of them support WebGPU.',
  },

  units: {
    /** The step between prefixes of counts, and the prefixes. */
    step: 1000,
    prefixes: ['', ' K', ' M', ' B', ' T'],
    rate: (rate: string) => `${rate} tok/s`,
    seconds: (seconds: string) => `${seconds} s`,
    minutes: (minutes: string, seconds: string) => `${minutes} min ${seconds} s`,
  },

  /** What GPU memory is for. */
  memory: {
    weights: 'weights',
    experts: 'experts',
    kv_cache: 'KV cache',
    activations: 'activations',
    state: 'state',
    staging: 'staging',
  },
  sampling: {
    temperature: 'Temperature',
    top_p: 'Top-p',
    seed: 'Seed',
    max_tokens: 'Maximum answer tokens',
  },

  preferences: 'Preferences',
  theme: 'Colours',
  themes: { system: 'System', light: 'Light', dark: 'Dark' },
  language: 'Language',
  otherPages: 'Other pages',

  shortcuts: 'Keyboard shortcuts',
  close: 'Close',
  singleKeys: 'Use single keys',
  shortcut: {
    help: 'Show this list',
    newChat: 'New chat',
    question: 'Write a question',
    search: 'Search conversations',
    stop: 'Stop the answer',
    regenerate: 'Regenerate the last answer',
    edit: 'Edit the last question',
    copy: 'Copy the last answer',
    models: 'Models',
    theme: 'Next colours',
    next: 'Next conversation',
    previous: 'Previous conversation',
  },
  inQuestion: 'While you write',
  anywhere: 'While you are not typing',
  questionKeys: {
    send: 'Send',
    newLine: 'New line',
    leave: 'Leave the question',
  },
}
