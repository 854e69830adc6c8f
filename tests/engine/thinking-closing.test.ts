// Tests of how thinking parts are closed: as the template at hand would, wherever the answer stands.
import { describe, expect, it } from 'vitest'
import { openBudget } from '../../src/engine/run/thinking-budget.ts'
import type { GenerateRequest } from '../../src/engine/types.ts'
import { openChatEncoder } from '../../src/text/chat.ts'
import { openDecoder } from '../../src/text/decoder.ts'
import { openTokenizer } from '../../src/text/tokenizer.ts'
import { demoFile, openDemo } from '../text/fixtures.ts'

const USER = "{% for m in messages %}{% if m.role == 'user' %}U{{ m.content }}{% else %}A"
const END = '{% endif %}{% endfor %}{% if add_generation_prompt %}A'
const CLOSED = '{% endif %}'
/** Templates as the families have them: what they print of thinking, and whether they open it. */
const TEMPLATES = {
  qwen: `${USER}<think>\n{{ m.reasoning_content }}\n</think>\n\n{{ m.content }}${END}${CLOSED}`,
  r1: `${USER}{{ m.content.split('</think>')[-1] }}${END}<think>\n${CLOSED}`,
  oneLine: `${USER}<think>{{ m.reasoning_content }}</think>{{ m.content }}${END}<think>${CLOSED}`,
  dropping: `${USER}</think>{{ m.content }}${END}<think>\n${CLOSED}`,
  silent: `${USER}{{ m.content }}${END}<think>${CLOSED}`,
  failing: `${USER}{{ raise_exception('no answers') }}${END}<think>\n${CLOSED}`,
}

/** A tokenizer in which the tags are no tokens of their own. */
function openWithoutTags() {
  const file = demoFile()
  const added_tokens = file.added_tokens.filter(
    ({ content }: { content: string }) => !content.includes('think'),
  )
  return openTokenizer({ ...file, added_tokens }, {}, { vocab: 2000 })
}

function closing(
  template: string,
  { answer = '', request = {} as Partial<GenerateRequest>, tokenizer = openDemo() } = {},
) {
  const messages = [{ role: 'user' as const, content: 'q' }]
  const chat = openChatEncoder(tokenizer, { chat_template: template })
  const prompt = chat.prompt(messages).ids
  const whole: GenerateRequest = { input: { messages }, thinkingBudget: 4, ...request }
  const budget = openBudget(whole, { prompt, maxTokens: 100, output: {}, tokenizer, chat })
  const decoder = openDecoder(tokenizer, { keepSpecial: true })
  const ids = budget?.closing(tokenizer.encode(answer)) ?? []
  return ids.map((id) => decoder.push(id)).join('') + decoder.end()
}

describe('a thinking part is closed', () => {
  it.each([
    ['qwen', '\n</think>\n\n'],
    ['r1', '\n</think>\n\n'],
    ['oneLine', '</think>'],
    ['dropping', '\n</think>'],
    ['silent', '</think>'],
    ['failing', '\n</think>\n\n'],
  ] as const)('as the template %s does', (name, expected) => {
    expect(closing(TEMPLATES[name])).toBe(expected)
    expect(closing(TEMPLATES[name], { answer: 'a thought' })).toBe(expected)
    expect(closing(TEMPLATES[name], { tokenizer: openWithoutTags() })).toBe(expected)
  })

  it('without a second line break, and without white space before a format', () => {
    expect(closing(TEMPLATES.qwen, { answer: 'a thought\n' })).toBe('</think>\n\n')
    const request = { responseFormat: { type: 'json_object' } } as const
    expect(closing(TEMPLATES.qwen, { request })).toBe('\n</think>')
  })
})

it('budgets are numbers of tokens, or parts of the answer by effort', () => {
  const tokenizer = openDemo()
  const chat = openChatEncoder(tokenizer, { chat_template: TEMPLATES.qwen })
  const context = { prompt: tokenizer.encode('Uq'), maxTokens: 101, output: {}, tokenizer, chat }
  const tokensOf = (request: Partial<GenerateRequest>) =>
    openBudget({ input: { prompt: 'q' }, ...request }, context)?.tokens
  const efforts = ['none', 'minimal', 'low', 'medium', 'high', 'xhigh']
  expect(efforts.map((effort) => tokensOf({ effort }))).toEqual([undefined, 10, 20, 50, 80, 95])
  expect(tokensOf({ effort: 'high', thinkingBudget: 3 })).toBe(3)
  expect(() => tokensOf({ thinkingBudget: -1 })).toThrow(expect.objectContaining({ code: 'bad_request' }))
  const budget = openBudget({ input: { prompt: 'q' }, thinkingBudget: 1 }, context)
  expect(
    ['', ' ', '<think>', 'So', 'So it is, and so on and on'].map((text) =>
      budget?.mayOpen(tokenizer.encode(text)),
    ),
  ).toEqual([true, true, true, false, false])
})
