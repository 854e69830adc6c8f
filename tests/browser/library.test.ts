// Tests of the library in Chromium: golden answers, streaming, cancelling, file pickers, stored models.
import { join } from 'node:path'
import type { Page } from 'playwright'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type * as Library from '../../src/index.ts'
import type { LoadedModel } from '../../src/index.ts'
import { describeInChromium, openBarePage } from './chromium.ts'
import { COMPLETIONS, completeInPage } from './completions.ts'
import { ROOT } from './pages.ts'

declare const hadal: Pick<typeof Library, 'loadModel' | 'storedModels' | 'removeStoredModel'>
declare let model: LoadedModel

describeInChromium('the library', () => {
  let bare: Awaited<ReturnType<typeof openBarePage>>
  let page: Page

  beforeAll(async () => {
    bare = await openBarePage(join(ROOT, 'public'))
    page = bare.page
    await page.evaluate(async () =>
      Object.assign(globalThis, { model: await hadal.loadModel('./models/lanternfish') }),
    )
  })

  afterAll(() => bare?.close())

  test.each(COMPLETIONS.map((item, index) => [index, item] as const))(
    'reproduces golden completion %i token for token',
    async (_, item) => expect(await page.evaluate(completeInPage, item)).toEqual(item.completion_ids),
  )

  test('streams the same text that it returns in one piece', async () => {
    const [whole, streamed] = await page.evaluate(async () => {
      const request = {
        messages: [{ role: 'user', content: 'What is 12 + 30?' }],
        seed: 7,
        temperature: 0.8,
      } as const
      const answer = await model.chat.completions.create(request)
      let text = ''
      for await (const chunk of await model.chat.completions.create({ ...request, stream: true })) {
        text += chunk.choices[0]?.delta.content ?? ''
      }
      return [answer.choices[0]?.message.content, text]
    })
    expect(whole).not.toBe('')
    expect(streamed).toBe(whole)
  })

  test('an AbortSignal cancels, and the next request still works', async () => {
    const [code, text] = await page.evaluate(async () => {
      const messages = [{ role: 'user', content: 'What is 4736 + 5861?' }] as const
      const abort = new AbortController()
      const stream = await model.chat.completions.create({ messages, stream: true }, { signal: abort.signal })
      const code = await (async () => {
        for await (const _ of stream) abort.abort()
      })().catch((error: { code: string }) => error.code)
      const next = await model.chat.completions.create({
        messages: [{ role: 'user', content: 'Who are you?' }],
        temperature: 0,
      })
      return [code, next.choices[0]?.message.content]
    })
    expect(code).toBe('aborted')
    expect(text).toContain('Lanternfish')
  })

  test('loads a model from picked files', async () => {
    const text = await page.evaluate(async () => {
      const names = [
        'config.json',
        'generation_config.json',
        'tokenizer.json',
        'tokenizer_config.json',
        'model.safetensors',
      ]
      const files = await Promise.all(
        names.map(async (name) => new File([await (await fetch(`models/lanternfish/${name}`)).blob()], name)),
      )
      const picked = await hadal.loadModel(files)
      const answer = await picked.chat.completions.create({
        messages: [{ role: 'user', content: 'Who are you?' }],
        temperature: 0,
      })
      await picked.unload()
      return answer.choices[0]?.message.content
    })
    expect(text).toContain('Lanternfish')
  })

  test('a model saved only in quantized form loads without its host', async () => {
    const source = './models/lanternfish'
    const open = () =>
      page.evaluate(async (source) => {
        const phases = new Set<string>()
        const onProgress = ({ phase }: { phase: string }) => phases.add(phase)
        const kept = await hadal.loadModel(source, { keep: 'packed', quantize: 'q4', onProgress })
        const request = { messages: [{ role: 'user', content: 'Who are you?' }], temperature: 0 } as const
        const answer = await kept.chat.completions.create(request)
        await kept.unload()
        return { phases: [...phases], ids: answer.hadal?.token_ids, notices: kept.info.notices }
      }, source)
    const first = await open()
    expect(first).toMatchObject({ phases: expect.arrayContaining(['convert', 'keep']), notices: [] })
    await page.route(`**/${source.slice(2)}/**`, (route) => route.abort())
    const second = await open()
    await page.unroute(`**/${source.slice(2)}/**`)
    expect(second.phases).not.toContain('keep')
    expect(second.ids).toEqual(first.ids)
    const { models: stored, left } = await page.evaluate(async (source) => {
      const models = await hadal.storedModels()
      await hadal.removeStoredModel(source)
      return { models, left: await hadal.storedModels() }
    }, source)
    expect(left).toEqual([])
    expect(stored).toMatchObject([{ kind: 'packed', complete: true }])
    expect(stored[0]?.key).toMatch(/lanternfish\/#q4$/)
  })
})
