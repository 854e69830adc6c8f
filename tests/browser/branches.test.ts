// Tests of branches in Chromium: versions, cut answers, several answers, and how few tokens are read again.
import type { Page } from 'playwright'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { describeInChromium } from './chromium.ts'
import { pressWhenShown, Visitor } from './visitor.ts'

describeInChromium('branches of a conversation', () => {
  let visitor: Visitor
  let page: Page

  beforeAll(async () => {
    visitor = await Visitor.open()
    page = visitor.page
    await page.goto(visitor.host.url)
    await page.getByRole('heading', { name: 'Settings' }).click()
    await page.getByLabel('Temperature').fill('0')
  })

  afterAll(() => visitor?.close())

  const answers = () => page.locator('.answer')
  /** Does something that makes a new answer the last one, and waits for its end. */
  const answered = async (action: () => Promise<unknown>) => {
    const ids = () => answers().evaluateAll((all) => all.map(({ id }) => id))
    const before = await ids()
    await action()
    const isNew = (known: string[]) =>
      [...document.querySelectorAll('.answer')].some(({ id }) => !known.includes(id))
    await page.waitForFunction(isNew, before)
    await page.locator('.answer[aria-busy=true]').first().waitFor({ state: 'detached' })
  }
  const ask = (question: string) =>
    answered(async () => {
      await page.getByLabel('Your question').fill(question)
      await page.getByLabel('Your question').press('Enter')
    })
  const texts = () => page.locator('.answer .markdown').allInnerTexts()
  /** Tokens of the last answer's prompt that were in the cache, and those that were read. */
  const prefilled = async (nth: number) => {
    const facts = await answers().nth(nth).locator('.facts').innerText()
    const [, reused, read] = /([\d,]+) tokens reused, ([\d,]+) read/.exec(facts) ?? []
    return { reused: Number(reused), read: Number(read) }
  }
  const regenerate = () =>
    answered(() => page.getByRole('button', { name: 'Regenerate answer' }).last().click())

  test('a new answer reads one token again, and both versions stay', async () => {
    await answered(() => page.getByRole('button', { name: 'Who are you?' }).click())
    await ask('What is 12 + 30?')
    await regenerate()
    await page.getByRole('group', { name: 'Versions' }).getByText('2/2').waitFor()
    expect((await prefilled(1)).read).toBe(1)
    expect(await texts()).toHaveLength(2)
  })

  test('an edited question reads nothing before the point of change', async () => {
    await page.getByRole('button', { name: 'Edit the question' }).nth(1).focus()
    await page.keyboard.press('Enter')
    await page.getByLabel('Edited question').fill('What is 12 + 31?')
    await answered(() => page.keyboard.press('Enter'))
    expect(await answers().nth(1).locator('.markdown').innerText()).toContain('43')
    const { reused, read } = await prefilled(1)
    expect(reused).toBeGreaterThan(0)
    expect(read).toBeLessThan(12) // from the changed digit on, with what the template puts after it
    await page.getByRole('button', { name: 'Previous version' }).first().click()
    expect(await answers().nth(1).locator('.markdown').innerText()).toContain('42')
  })

  test('a cut answer goes on where it stood', async () => {
    await page.getByLabel('Maximum answer tokens').fill('12')
    await page.getByRole('button', { name: 'Think' }).click()
    await page.getByRole('button', { name: 'New chat' }).click()
    await ask('Who are you?')
    const before = await answers().first().locator('.markdown').innerText()
    expect(await answers().first().locator('.facts').innerText()).toContain('cut off at the length limit')
    await page.getByLabel('Maximum answer tokens').fill('')
    await page.getByRole('button', { name: 'Continue' }).click()
    await answers().first().locator('.facts', { hasNotText: 'cut off' }).waitFor()
    await page.locator('.answer[aria-busy=true]').first().waitFor({ state: 'detached' })
    const whole = await answers().first().locator('.markdown').innerText()
    expect(whole.startsWith(before.trim()) && whole.length > before.length).toBe(true)
    expect((await prefilled(0)).read).toBeLessThan(4)
    await regenerate()
    expect(await answers().first().locator('.markdown').innerText()).toBe(whole) // greedy, in one go
  })

  test('several answers stand beside each other until one is kept', async () => {
    await page.getByRole('button', { name: 'New chat' }).click()
    await page.getByRole('combobox', { name: 'Answers' }).selectOption('2')
    await ask('What is the capital of France?')
    await visitor.expectAccessible()
    expect(await page.locator('.together > li').count()).toBe(2)
    await page.getByRole('region', { name: 'Vote' }).getByText('All answers are the same').waitFor()
    await page.getByRole('button', { name: 'Keep this one' }).nth(1).click()
    await page.getByRole('group', { name: 'Versions' }).getByText('2/2').waitFor()
    expect(await answers().count()).toBe(1)
    await page.getByRole('combobox', { name: 'Answers' }).selectOption('1')
  })

  test('the cache of a conversation is kept on disk and goes on without prefill', async () => {
    await page.setViewportSize({ width: 1280, height: 900 })
    await page.getByRole('button', { name: 'New chat' }).click()
    await ask('What is the capital of France?')
    await page.getByLabel('Keep the cache of conversations on disk').check()
    await ask('Tell me more about Paris, please, in one short sentence.')
    await page.getByText(/[1-9][\d.]* KiB kept/).waitFor()
    await page.reload()
    await regenerate()
    expect((await prefilled(1)).read).toBe(1)
    await page.getByLabel('Keep the cache of conversations on disk').uncheck()
  })

  test('the inside of an answer is shown once it is recorded, and goes on from an alternative', async () => {
    await page.getByRole('button', { name: 'New chat' }).click()
    await ask('Who are you?')
    await page.getByRole('button', { name: 'Look inside this answer' }).click()
    const dialog = page.getByRole('dialog', { name: 'Inside this answer' })
    await answered(() => dialog.getByRole('button', { name: 'Answer again and record' }).click())
    await dialog.getByText('Experts of the whole answer').waitFor()
    await visitor.expectAccessible()
    const before = await texts()
    await answered(() =>
      dialog
        .getByRole('button', { name: /^Continue from here with/ })
        .nth(1)
        .click(),
    )
    expect(await dialog.isVisible()).toBe(false)
    expect((await prefilled(0)).read).toBeLessThan(4)
    expect(await texts()).not.toEqual(before)
  })

  test('thinking ends at its budget', async () => {
    await page.getByRole('button', { name: 'Think' }).click()
    await page.getByRole('slider', { name: 'Thinking budget' }).fill('0')
    await page.locator('[aria-valuetext="up to 32 tokens"]').waitFor()
    await ask('What is 4736 + 5861?')
    expect(await answers().last().locator('.markdown').innerText()).toMatch(/\d/)
  })

  test('answers now if asked to while it thinks', async () => {
    await page.getByRole('slider', { name: 'Thinking budget' }).press('End')
    const pressed = page.evaluate(pressWhenShown, '.answer-now')
    await ask('What is 4736 + 5861?')
    await pressed
    await answers().last().locator('.footer').waitFor()
    expect(await answers().last().locator('.markdown').innerText()).toMatch(/\d/)
    const thoughts = await answers().last().locator('.thoughts').textContent()
    expect(thoughts).toMatch(/^4/)
    expect(thoughts).not.toContain('10597') // what they end with
    expect((await prefilled((await answers().count()) - 1)).read).toBeLessThan(4)
  })

  test('logged no errors', () => visitor.expectCleanRun())
})
