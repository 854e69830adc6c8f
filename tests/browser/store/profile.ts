// Answers: how do tests get a browser that keeps its files, and can be killed as a crash would? It must not know what is tested.
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { type BrowserContext, chromium, type Worker } from 'playwright'
import { executablePath, quietly } from '../chromium.ts'

export interface ProfileBrowser {
  readonly context: BrowserContext
  /** Ends every process of the browser at once, without a chance to write anything. */
  kill(): Promise<void>
}

/** Chromium on a profile folder. It is started without Playwright, which would close it in good order. */
export async function launchProfile(profile: string): Promise<ProfileBrowser> {
  const args = [...quietly, `--user-data-dir=${profile}`, '--remote-debugging-port=0', 'about:blank']
  const child = spawn(executablePath, args, { detached: true, stdio: ['ignore', 'ignore', 'pipe'] })
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

/** The address that Chromium prints for debuggers. */
async function debuggerOf(child: ChildProcess): Promise<string> {
  let said = ''
  for await (const piece of child.stderr ?? []) {
    said += piece
    const found = /DevTools listening on (ws:\S+)/.exec(said)?.[1]
    if (found) {
      child.stderr?.resume()
      return found
    }
  }
  throw new Error(`Chromium did not start: ${said}`)
}

/** Opens a tab of the store's page; returns its worker. */
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
