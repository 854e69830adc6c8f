// Tests in Chromium that a session outlives the browser: it is saved to a file, and goes on after a restart.
import type { BrowserContext } from 'playwright'
import { afterAll, expect, test } from 'vitest'
import type * as Hadal from '../../src/index.ts'
import { temporaryFolder } from '../../tools/page-host.mjs'
import { serveFolder } from '../../tools/serve.mjs'
import { describeInChromium, launchWithProfile } from './chromium.ts'
import { installedApp, MODEL, openApp } from './installed-app.ts'

declare const hadal: typeof Hadal

const FILE = 'conversation.hadal'
const QUESTIONS = ['I am Ada. What is 17 + 25?', 'Who are you, and who made you?', 'Thanks. And who am I?']

describeInChromium('a saved session', () => {
  const profile = temporaryFolder()
  let host: Awaited<ReturnType<typeof serveFolder>>
  let browser: BrowserContext | undefined

  afterAll(async () => {
    await browser?.close()
    await host?.close()
  })

  /**
   * Asks in a browser of its own. With `restores`, the conversation is that of the file; with `saves`, it
   * goes there before the last question.
   */
  async function converse(questions: readonly string[], file: { restores?: boolean; saves?: boolean }) {
    browser = await launchWithProfile(profile)
    const page = await openApp(browser, host.url)
    const answers = await page.evaluate(
      async ({ source, questions, restores, saves, name }) => {
        const model = await hadal.loadModel(source)
        const folder = await navigator.storage.getDirectory()
        const handle = await folder.getFileHandle(name, { create: true })
        const session = model.session()
        if (restores) await session.restore(await handle.getFile())
        const answers: { text: string; prompt: number; cached: number; total: number }[] = []
        for (const [index, content] of questions.entries()) {
          if (saves && index === questions.length - 1) {
            const writable = await handle.createWritable()
            await writable.write(await session.save())
            await writable.close()
          }
          const messages = [{ role: 'user', content }] as const
          const request = { messages, temperature: 0, thinking: false, max_tokens: 32 }
          const { choices, usage } = await session.create(request)
          const cached = usage.prompt_tokens_details.cached_tokens
          const counts = { prompt: usage.prompt_tokens, cached, total: usage.total_tokens }
          answers.push({ text: choices[0]?.message.content ?? '', ...counts })
        }
        return answers
      },
      { source: MODEL, questions, name: FILE, restores: false, saves: false, ...file },
    )
    await browser.close()
    return answers
  }

  test('goes on after the browser was closed, and prefills the new text only', async () => {
    host = await serveFolder(await installedApp(), { headers: {} })
    const [, before, expected] = await converse(QUESTIONS, { saves: true })
    const [answer] = await converse(QUESTIONS.slice(-1), { restores: true })
    expect(answer).toEqual(expected)
    expect(answer?.text).not.toBe('')
    // The last token of an answer is not fed to the model.
    expect(answer?.cached).toBe((before?.total ?? 0) - 1)
  })
})
