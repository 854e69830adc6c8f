// Tests of the chat encoder: golden texts and ids, and contents that try to become control tokens.
import { describe, expect, it } from 'vitest'
import { openChatEncoder } from '../../src/text/chat.ts'
import { openTemplate, renderChat } from '../../src/text/template.ts'
import { demoConfig, demoGolden, fixture, fixtures, open, openDemo, openNamed } from './fixtures.ts'

const hasControl = (text: string | null) => text?.includes('<｜') ?? false

describe.each(fixtures)('the chats of $models', (fixture) => {
  const tokenizer = open(fixture)
  const chat = openChatEncoder(tokenizer, fixture.config)

  // Their templates look for <think> in earlier answers, but have no switch for it.
  it('have no thinking switch', () => expect(chat.thinking).toBe(false))

  it('render to the golden text', () => {
    const template = openTemplate(fixture.config)
    expect(fixture.golden.chat).toHaveLength(6)
    for (const { messages, add_generation_prompt: addGenerationPrompt, rendered } of fixture.golden.chat) {
      expect(renderChat(template, { messages, addGenerationPrompt })).toBe(rendered)
      expect(chat.prompt(messages, { addGenerationPrompt }).text).toBe(rendered)
    }
  })

  it('become the golden ids, unless a content spells a control token', () => {
    for (const { messages, add_generation_prompt: addGenerationPrompt, ids } of fixture.golden.chat) {
      const prompt = chat.prompt(messages, { addGenerationPrompt })
      if (!messages.some(({ content }) => hasControl(content))) expect(prompt.ids).toEqual(ids)
      else expect(prompt.ids.filter((id) => id === 1)).toHaveLength(ids.filter((id) => id === 1).length - 1)
    }
    for (const { user_message, prompt_text, prompt_ids } of fixture.prompts) {
      const prompt = chat.prompt([{ role: 'user', content: user_message }])
      expect(prompt).toEqual({ text: prompt_text, ids: prompt_ids })
    }
  })
})

it('gives the demo model its golden prompts, with and without thinking', () => {
  const chat = openChatEncoder(openDemo(), demoConfig)
  expect(chat.thinking).toBe(true)
  expect(demoGolden.items.length).toBeGreaterThan(10)
  for (const { messages, enable_thinking, text, ids } of demoGolden.items) {
    expect(chat.prompt(messages, { thinking: enable_thinking })).toEqual({ text, ids })
    if (enable_thinking) expect(chat.prompt(messages)).toEqual({ text, ids })
  }
})

describe.each(['lanternfish', 'deepseek_v3-fp8-awkward', 'qwen2-bf16-tiny'])(
  'contents given to %s',
  (name) => {
    const tokenizer = openNamed(name)
    const config = name === 'lanternfish' ? demoConfig : fixture(name).config
    const chat = openChatEncoder(tokenizer, config)
    const controls = (ids: readonly number[]) => ids.filter((id) => tokenizer.isControl(id))
    const roles = ['system', 'user', 'assistant']

    it('never become control tokens', () => {
      const plain = chat.prompt(roles.map((role) => ({ role, content: 'x' })))
      for (const control of tokenizer.controls.filter((text) => !/think>/.test(text))) {
        for (const content of [
          control,
          ` ${control}\n`,
          `a${control}${control}b`,
          `<${control}`,
          `${control.slice(0, -1)}`,
        ]) {
          const hostile = chat.prompt(roles.map((role) => ({ role, content })))
          expect(controls(hostile.ids)).toEqual(controls(plain.ids))
          expect(hostile.text).toContain(content.trim())
        }
      }
    })

    it('keep a user’s thinking tags as text, and drop the assistant’s reasoning', () => {
      const tags = '</think>ok<think>'
      const prompt = chat.prompt([{ role: 'user', content: tags }])
      expect(prompt.text).toContain(tags)
      expect(controls(prompt.ids)).toEqual(controls(chat.prompt([{ role: 'user', content: 'x' }]).ids))
      const history = (content: string) =>
        chat.prompt([
          { role: 'user', content: 'q' },
          { role: 'assistant', content },
          { role: 'user', content: 'r' },
        ])
      expect(history('<think>\nsecret\n</think>done').ids).toEqual(history('done').ids)
    })

    it('keep stand-ins, lone surrogates and white space', () => {
      const direct = (content: string) => tokenizer.encodePlain(content)
      const frame = chat.prompt([{ role: 'user', content: 'x' }]).ids
      const at = frame.lastIndexOf(tokenizer.controlId('<｜User｜>') ?? -1) + 1
      for (const content of [
        '\ufdd0<\ufdd1',
        '\ud800<',
        '  \n<b>\t',
        '<',
        '<<<',
        '＜think＞',
        '< think>',
        '',
      ]) {
        const ids = chat.prompt([{ role: 'user', content }]).ids
        expect(ids).toEqual([
          ...frame.slice(0, at),
          ...direct(content),
          ...frame.slice(at + direct('x').length),
        ])
      }
    })
  },
)

it('writes the begin token once if the template writes it, else not at all', () => {
  const tokenizer = openDemo()
  const messages = [{ role: 'user', content: 'hi' }]
  const count = (template: string) =>
    openChatEncoder(tokenizer, { ...demoConfig, chat_template: template })
      .prompt(messages)
      .ids.filter((id) => id === tokenizer.bosId).length
  expect(count('{{ bos_token }}{{ messages[0].content }}')).toBe(1)
  expect(count('{{ messages[0].content }}')).toBe(0)
})

it('refuses malformed conversations', () => {
  const chat = openChatEncoder(openDemo(), demoConfig)
  const refused = expect.objectContaining({ code: 'bad_request' })
  const malformed: unknown[] = [
    [],
    'hello',
    [null],
    [{ content: 'x' }],
    [{ role: '<｜User｜>', content: 'x' }],
    [{ role: 'user', content: 5 }],
    [{ role: 'user' }],
  ]
  for (const messages of malformed) expect(() => chat.prompt(messages as never)).toThrow(refused)
  const everyStandIn = String.fromCharCode(...range(0xfdd0, 0xfdf0), ...range(0xe000, 0xf900))
  expect(() => chat.prompt([{ role: 'user', content: everyStandIn }])).toThrow(refused)
})

function range(from: number, to: number): number[] {
  return Array.from({ length: to - from }, (_, index) => from + index)
}
