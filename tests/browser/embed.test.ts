// Tests of an app developer's first day with the built library, without a bundler: a page with an import map
// in Chromium. Aborts, crashes, policies, other origins, and pages without WebGPU.
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Browser, chromium, type Page } from 'playwright'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type * as Hadal from '../../src/index.ts'
import { serveFolder } from '../../tools/serve.mjs'
import { CHROMIUM_PATH, describeInChromium, HEADLESS_ARGS, launchChromium } from './chromium.ts'
import { html, installedApp, MODEL, openApp } from './installed-app.ts'

declare const hadal: typeof Hadal
declare const model: Hadal.LoadedModel
declare const trustedTypes: {
  createPolicy(name: string, rules: object): { createScriptURL(url: string): string }
}

type Host = Awaited<ReturnType<typeof serveFolder>>

describeInChromium('an app without a bundler', () => {
  let [app, cdn, strict]: Host[] = []
  let folder = ''
  let browser: Browser
  let page: Page

  beforeAll(async () => {
    folder = await installedApp()
    app = await serveFolder(folder, { headers: {} })
    cdn = await serveFolder(folder, { headers: { 'Access-Control-Allow-Origin': '*' } })
    writeFileSync(join(folder, 'cdn.html'), html(`${cdn.url}lib/index.js`))
    strict = await serveFolder(folder, {
      headers: { 'Content-Security-Policy': "require-trusted-types-for 'script'" },
    })
    browser = await launchChromium()
    page = await openApp(browser, app.url)
  })

  afterAll(async () => {
    await browser?.close()
    for (const host of [app, cdn, strict]) await host?.close()
  })

  test('one fraction rises until the model is ready, and plan agrees that it fits', async () => {
    const { fractions, last, fits } = await page.evaluate(async (source) => {
      const fractions: number[] = []
      let last = ''
      const model = await hadal.loadModel(source, {
        keep: 'files',
        onProgress({ fraction, phase }) {
          fractions.push(fraction)
          last = phase
        },
      })
      Object.assign(globalThis, { model })
      return { fractions, last, fits: (await hadal.plan(source)).fits }
    }, MODEL)
    expect(fractions).toEqual([...fractions].sort((a, b) => a - b))
    expect([fractions[0], fractions.at(-1), last]).toEqual([0, 1, 'ready'])
    expect(fractions.filter((fraction) => fraction > 0.1 && fraction < 0.95).length).toBeGreaterThan(5)
    expect(fits).not.toBe(false)
  })

  test.each(['list', 'upload', 'compile'])('a load is aborted in the phase %s at once', async (phase) => {
    const result = await page.evaluate(
      async ([source, phase]) => {
        const abort = new AbortController()
        let late = 0
        const onProgress = (progress: { phase: string }) => {
          if (abort.signal.aborted) late++
          else if (progress.phase === phase) abort.abort()
        }
        const error = await hadal.loadModel(source, { signal: abort.signal, onProgress }).catch((e) => e)
        return { name: error.name, code: error.code, late, json: JSON.stringify(error) }
      },
      [MODEL, phase] as const,
    )
    expect(result).toMatchObject({ name: 'AbortError', code: 'aborted', late: 0 })
    expect(JSON.parse(result.json)).toMatchObject({ code: 'aborted', message: expect.any(String) })
  })

  test('an unread stream holds nothing up', async () => {
    const text = await page.evaluate(async () => {
      const ask = (content: string) => ({ messages: [{ role: 'user', content }] }) as const
      await model.chat.completions.create({ ...ask('Count from 1 to 300.'), stream: true })
      const answer = await model.chat.completions.create({ ...ask('Who are you?'), temperature: 0 })
      return answer.choices[0]?.message.content
    })
    expect(text).toContain('Lanternfish')
  })

  test.each([undefined, null, '', 3])('the source %j is refused by name', async (source) => {
    const error = await page.evaluate(
      (source) => hadal.loadModel(source as never).catch((e) => JSON.stringify(e)),
      source,
    )
    expect(JSON.parse(String(error))).toMatchObject({ name: 'HadalError', code: 'bad_request' })
  })

  test('a script of another origin starts its worker too', async () => {
    const other = await openApp(browser, `${app?.url}cdn.html`)
    const text = await other.evaluate(async (source) => {
      const model = await hadal.loadModel(source)
      const messages = [{ role: 'user', content: 'Who are you?' }] as const
      const answer = await model.chat.completions.create({ messages, temperature: 0 })
      await model.unload()
      return answer.choices[0]?.message.content
    }, MODEL)
    expect(text).toContain('Lanternfish')
    await other.close()
  })

  test('Trusted Types refuse the worker with what to do, which then works', async () => {
    const other = await openApp(browser, strict?.url ?? '')
    const { error, phases } = await other.evaluate(async (source) => {
      const error = await hadal.loadModel(source).catch((e) => JSON.stringify(e))
      const policy = trustedTypes.createPolicy('app', { createScriptURL: (url: string) => url })
      const worker = () => new Worker(policy.createScriptURL('/lib/worker.js'), { type: 'module' })
      const abort = new AbortController()
      const phases: string[] = []
      const onProgress = ({ phase }: { phase: string }) => {
        phases.push(phase)
        if (phase === 'upload') abort.abort()
      }
      await hadal.loadModel(source, { worker, onProgress, signal: abort.signal }).catch(() => {})
      return { error, phases }
    }, MODEL)
    expect(JSON.parse(String(error))).toMatchObject({
      code: 'unsupported',
      message: expect.stringContaining('/lib/worker.js'),
      hint: expect.stringContaining('createScriptURL'),
    })
    expect(phases).toContain('upload')
    await other.close()
  })

  test('a missing worker script is named, with what bundlers need', async () => {
    const error = await page.evaluate(
      (source) =>
        hadal
          .loadModel(source, { worker: () => new Worker('/assets/worker.js', { type: 'module' }) })
          .catch((e) => JSON.stringify(e)),
      MODEL,
    )
    expect(JSON.parse(String(error))).toMatchObject({
      code: 'not_found',
      hint: expect.stringMatching(/hadal\/worker.*optimizeDeps.*`worker/s),
    })
  })

  test('a stored model is removed by its address', async () => {
    const stored = await page.evaluate(async (source) => {
      await model.unload()
      const before = (await hadal.storedModels()).length
      await hadal.removeStoredModel(source)
      return [before, (await hadal.storedModels()).length]
    }, MODEL)
    expect(stored).toEqual([1, 0])
  })

  test('without WebGPU plan and load say so, and name HTTPS where that is missing', async () => {
    const args = [...HEADLESS_ARGS, '--disable-gpu', '--host-resolver-rules=MAP app.example 127.0.0.1']
    const plain = await chromium.launch({ executablePath: CHROMIUM_PATH, args })
    try {
      for (const [url, hint] of [
        [app?.url ?? '', 'browser with WebGPU'],
        [`http://app.example:${app?.port}/`, 'https://'],
      ] as const) {
        const bare = await openApp(plain, url)
        const { planned, error, supported } = await bare.evaluate(async (source) => {
          const { fits, unsupported } = await hadal.plan(source)
          const error = await hadal.loadModel(source).catch((e) => JSON.stringify(e))
          return { planned: { fits, unsupported }, error, supported: await hadal.isSupported() }
        }, MODEL)
        expect(supported).toBe(false)
        expect(planned).toEqual({
          fits: false,
          unsupported: [{ what: expect.any(String), where: '', hint: expect.stringContaining(hint) }],
        })
        expect(JSON.parse(String(error))).toMatchObject({
          code: 'no_webgpu',
          hint: expect.stringContaining(hint),
        })
        await bare.close()
      }
    } finally {
      await plain.close()
    }
  })
})
