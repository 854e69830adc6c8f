// Launches Chromium with WebGPU for tests.
import { existsSync } from 'node:fs'
import { type Browser, type BrowserContext, chromium, type Page } from 'playwright'
import { describe } from 'vitest'
import { serveBarePage } from './pages.ts'

export const CHROMIUM_PATH = process.env.HADAL_CHROMIUM || '/usr/bin/chromium'

/** `describe`, skipped where there is no Chromium; where adapters are required, its absence fails. */
export const describeInChromium = describe.skipIf(
  !existsSync(CHROMIUM_PATH) && !process.env.HADAL_REQUIRE_ADAPTERS,
)

/** Headless, without background requests of the browser. */
export const HEADLESS_ARGS = [
  '--headless=new',
  '--no-sandbox',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--no-first-run',
]

const withWebgpu = (more: readonly string[] = []) => ({
  executablePath: CHROMIUM_PATH,
  args: [...HEADLESS_ARGS, '--enable-unsafe-webgpu', '--use-webgpu-adapter=swiftshader', ...more],
})
/** Chromium refuses WebGPU for two minutes after two crashes, and for good after some more. */
export const NO_CRASH_LIMITS = ['--disable-domain-blocking-for-3d-apis', '--disable-gpu-process-crash-limit']

/** Not awaited by the callers that go on at once: Chromium does not answer every time. */
export async function crashGpuProcess(browser: Browser): Promise<void> {
  await (await browser.newBrowserCDPSession()).send('Browser.crashGpuProcess')
}

/** Chromium with WebGPU on SwiftShader, a software adapter. */
export const launchChromium = (more?: readonly string[]): Promise<Browser> =>
  chromium.launch(withWebgpu(more))

/** The same with what an earlier one has left in the folder of a profile. */
export const launchWithProfile = (folder: string): Promise<BrowserContext> =>
  chromium.launchPersistentContext(folder, withWebgpu())

/** Opens a page with only the library and the files of `publicDir`, in its own browser. */
export async function openBarePage(publicDir: string): Promise<{ page: Page; close(): Promise<void> }> {
  const host = await serveBarePage(publicDir)
  const browser = await launchChromium()
  const close = async () => {
    await browser.close()
    await host.close()
  }
  const page = await browser.newPage()
  await page.goto(host.url)
  return { page, close }
}
