// Tests that hostile texts are inert as answers, under the pages' own policy, in Chromium.
import { afterAll, beforeAll, expect, it } from 'vitest'
import { HOSTILE_TEXTS } from '../fixtures/app/xss.ts'
import { describeInChromium } from './chromium.ts'
import { type MarkdownPage, type MarkdownScope, openMarkdownPage } from './markdown/page.ts'

const HTML_NAMES =
  `A BLOCKQUOTE BR BUTTON CODE DEL DIV EM H3 HR INPUT LI OL P PRE SECTION SPAN STRONG SUP TABLE TBODY
  TD TH THEAD TR UL svg rect path`.split(/\s+/)
const MATH_NAMES =
  `math mrow mi mn mo ms mtext mspace mfrac msqrt mroot mstyle mpadded mphantom menclose msub msup
  msubsup munder mover munderover mtable mtr mtd`.split(/\s+/)
const ATTRIBUTES =
  `class dir href title target rel id type checked disabled start value scope role tabindex aria-label
  aria-expanded aria-controls aria-hidden style viewBox x y width height rx fill d`.split(/\s+/)
const MATH_ATTRIBUTES =
  `class style display displaystyle scriptlevel mathvariant mathcolor mathbackground stretchy fence
  separator form lspace rspace minsize maxsize movablelimits accent linethickness width height depth voffset
  symmetric largeop notation columnalign rowspacing columnspacing`.split(/\s+/)

/** What is not on the lists in what the page shows now. */
function findings([names, mathNames, attributes, mathAttributes]: string[][]): string[] {
  const known = (list: string[] = []) => new Set(list)
  const sets = { names: known(names), math: known(mathNames), attributes: known(attributes) }
  const ofMath = known(mathAttributes)
  const found: string[] = []
  for (const element of document.querySelectorAll('main *')) {
    const math = element.namespaceURI?.endsWith('MathML') ?? false
    if (!(math ? sets.math : sets.names).has(element.nodeName)) found.push(`element ${element.nodeName}`)
    for (const { name, value } of element.attributes) {
      if (!(math ? ofMath : sets.attributes).has(name)) found.push(`${element.nodeName} ${name}=${value}`)
      if (name === 'style' && /url|position|fixed|expression/i.test(value)) found.push(`style ${value}`)
    }
    const href = element.getAttribute('href')
    const within = href?.startsWith('#') && document.getElementById(href.slice(1))?.closest('main')
    if (href !== null && !within && !/^(https?:\/\/|mailto:)/.test(href)) found.push(`href ${href}`)
  }
  if ('hacked' in globalThis || 'hacked' in {}) found.push('a script ran')
  return found
}

describeInChromium('hostile answers', () => {
  let opened: MarkdownPage
  beforeAll(async () => {
    opened = await openMarkdownPage()
  })
  afterAll(() => opened?.close())

  it('are at least 150 different texts', () => {
    expect(new Set(HOSTILE_TEXTS).size).toBe(HOSTILE_TEXTS.length)
    expect(HOSTILE_TEXTS.length).toBeGreaterThanOrEqual(150)
  })

  it('run nothing, load nothing and become only known elements, while they grow and afterwards', async () => {
    const { page, url } = opened
    const requests: string[] = []
    const errors: string[] = []
    page.on('request', (request) => requests.push(request.url()))
    page.on('pageerror', (error) => errors.push(error.message))
    page.on('dialog', (dialog) => errors.push(dialog.message()))
    page.on('console', (message) => message.type() === 'error' && errors.push(message.text()))
    for (const [key, text] of HOSTILE_TEXTS.entries()) {
      for (const [shown, complete] of [
        [text.slice(0, Math.ceil(text.length / 2)), false],
        [text, false],
        [text, true],
      ] as const)
        await page.evaluate(
          ([text, complete, key]) =>
            (globalThis as unknown as MarkdownScope).showMarkdown(text, complete, key),
          [shown, complete, key + 1] as const,
        )
      // Formulas and colours come from a worker.
      await page.waitForFunction(() => !document.querySelector('.math.pending'))
      const lists = [HTML_NAMES, MATH_NAMES, ATTRIBUTES, MATH_ATTRIBUTES]
      expect(await page.evaluate(findings, lists), text.slice(0, 200)).toEqual([])
    }
    expect(requests.filter((address) => !address.startsWith(url))).toEqual([])
    expect(errors).toEqual([])
    expect(page.url()).toBe(url.endsWith('/') ? url : `${url}/`)
  })
})
