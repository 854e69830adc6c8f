// Launches Chromium on a persistent profile, so that tests can kill it like a crash.
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { type BrowserContext, chromium, type Worker } from 'playwright'
import { CHROMIUM_PATH, HEADLESS_ARGS } from '../chromium.ts'

export interface ProfileBrowser {
  readonly context: BrowserContext
  /** Kills every process of the browser at once, so that it cannot write anything more. */
  kill(): Promise<void>
}

/** Chromium on a profile folder. Not launched by Playwright, which would shut it down cleanly. */
export async function launchProfile(profile: string): Promise<ProfileBrowser> {
  const args = [...HEADLESS_ARGS, `--user-data-dir=${profile}`, '--remote-debugging-port=0', 'about:blank']
  const child = spawn(CHROMIUM_PATH, args, { detached: true, stdio: ['ignore', 'ignore', 'pipe'] })
  const gone = once(child, 'exit')
  const browser = await chromium.connectOverCDP(await debuggerOf(child))
  const [context] = browser.contexts()
  if (!context) throw new Error('the browser has no context')
  return {
    context,
    async kill() {
      if (child.pid !== undefined) process.kill(-child.pid, 'SIGKILL')
      await gone
      await browser.close()
    },
  }
}

/** The DevTools URL that Chromium prints. */
async function debuggerOf(child: ChildProcess): Promise<string> {
  let output = ''
  for await (const piece of child.stderr ?? []) {
    output += piece
    const found = /DevTools listening on (ws:\S+)/.exec(output)?.[1]
    if (found) {
      child.stderr?.resume()
      return found
    }
  }
  throw new Error(`Chromium did not start: ${output}`)
}

/** Opens a tab with the page of the store tests and returns its worker. */
export async function openTab({ context }: ProfileBrowser, url: string): Promise<Worker> {
  const page = await context.newPage()
  const started = page.waitForEvent('worker')
  await page.goto(url)
  const worker = await started
  await worker.evaluate(async () => {
    while (!('store' in globalThis)) await new Promise((done) => setTimeout(done, 10))
  })
  return worker
}
