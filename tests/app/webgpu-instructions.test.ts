// Tests of the WebGPU instructions for each browser and operating system.
import { expect, test } from 'vitest'
import { webGpuInstructions } from '../../src/app/shared/webgpu-instructions.ts'

const WEBKIT = 'AppleWebKit/537.36 (KHTML, like Gecko)'
const USER_AGENTS = {
  chromeLinux: `Mozilla/5.0 (X11; Linux x86_64) ${WEBKIT} Chrome/156.0.0.0 Safari/537.36`,
  chromeWindows: `Mozilla/5.0 (Windows NT 10.0; Win64; x64) ${WEBKIT} Chrome/156.0.0.0 Safari/537.36`,
  edge: `Mozilla/5.0 (Windows NT 10.0; Win64; x64) ${WEBKIT} Chrome/156.0.0.0 Safari/537.36 Edg/156.0.0.0`,
  firefox: 'Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0',
  safari:
    'Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) ' +
    'Version/18.0 Safari/605.1.15',
  chromeOnPhone:
    'Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 CriOS/131.0 ' +
    'Mobile/15E148 Safari/604.1',
  unknown: 'Lynx/2.9',
}

test.each([
  ['chromeLinux', 'Chrome', 'chrome://flags/#enable-vulkan'],
  ['chromeWindows', 'Chrome', 'chrome://flags/#enable-unsafe-webgpu'],
  ['edge', 'Edge', 'edge://flags/#enable-unsafe-webgpu'],
  ['firefox', 'Firefox', 'dom.webgpu.enabled'],
  ['safari', 'Safari', 'Safari 26'],
  ['chromeOnPhone', 'Safari', 'iOS'],
  ['unknown', 'this browser', 'Chrome, Edge, Firefox or Safari'],
] as const)('instructions for %s name %s', (agent, browser, words) => {
  const help = webGpuInstructions('browser', USER_AGENTS[agent])
  expect(help.browser).toBe(browser)
  expect(help.steps.join('\n')).toContain(words)
})

test('Linux flags appear only on Linux, and an iPad is not treated as a Mac', () => {
  expect(webGpuInstructions('browser', USER_AGENTS.chromeWindows).steps.join('\n')).not.toContain('vulkan')
  expect(webGpuInstructions('browser', USER_AGENTS.safari, true).steps.join('\n')).toContain('iPadOS')
})

test('each reason has its own instructions', () => {
  expect(webGpuInstructions('secure', USER_AGENTS.chromeLinux).steps.join('\n')).toContain('https')
  expect(webGpuInstructions('adapter', USER_AGENTS.firefox).title).toBe('Firefox found no GPU it can use')
  expect(webGpuInstructions('browser', USER_AGENTS.firefox).title).toBe('WebGPU is off in Firefox')
})
