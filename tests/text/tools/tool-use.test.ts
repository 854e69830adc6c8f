// Tests of prompts with tools and calls: they are what Jinja prints, all contents stay inert, and an answer
// can be begun.
import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { openChatEncoder } from '../../../src/text/chat.ts'
import { openDecoder } from '../../../src/text/decoder.ts'
import { openOutputParser } from '../../../src/text/output-parser.ts'
import { openTemplate, renderChat } from '../../../src/text/template.ts'
import { openTokenizer, type TextTokenizer } from '../../../src/text/tokenizer.ts'
import { prepareAnswer, type ToolUse } from '../../../src/text/tools/tool-use.ts'
import { demoConfig, demoFile, openDemo } from '../fixtures.ts'

interface Conversation {
  readonly messages: ToolUse['messages']
  readonly tools: NonNullable<ToolUse['tools']>
}
interface Family {
  readonly name: string
  readonly template: readonly string[]
  readonly rendered: readonly (string | null)[]
}
const FILE = new URL('../../fixtures/text/tools.json', import.meta.url)
/** Two conversations in three shapes: arguments as objects, as texts, and without a content beside calls. */
const golden: { conversations: readonly Conversation[]; families: readonly Family[] } = JSON.parse(
  readFileSync(FILE, 'utf8'),
)
const [first, second] = golden.conversations as [Conversation, Conversation]
const TOKENS = { bos_token: '<s>', eos_token: '</s>' }
const LANTERNFISH_TOOLS = '{% for t in tools or [] %}{{ t | tojson }}{% endfor %}'

/** A tokenizer with a control token for everything that looks like one in the template. */
function tokenizerFor(template: string): TextTokenizer {
  const file = demoFile()
  const known = new Set(file.added_tokens.map(({ content }: { content: string }) => content))
  const markup = `${template}<s></s><|eom_id|>`.match(/<[|｜/]?[a-z][\w▁]*[|｜]?>/g) ?? []
  const added = [...new Set([...markup, '<｜User｜>'])]
    .filter((content) => !known.has(content))
    .map((content, at) => ({ id: 1536 + at, content, special: true }))
  return openTokenizer({ ...file, added_tokens: [...file.added_tokens, ...added] }, TOKENS, { vocab: 2000 })
}

function openFamily(name: string) {
  const family = golden.families.find((entry) => entry.name === name)
  if (!family) throw new Error(`no family ${name}`)
  const template = family.template.join('')
  const tokenizer = tokenizerFor(template)
  const chat = openChatEncoder(tokenizer, TOKENS, template)
  const decode = (ids: readonly number[]) => {
    const decoder = openDecoder(tokenizer, { keepSpecial: true })
    return ids.map((id) => decoder.push(id)).join('') + decoder.end()
  }
  const prepare = (use: ToolUse) => {
    const { ids, ...rest } = prepareAnswer(tokenizer, chat, use)
    return { ...rest, ids, text: decode(ids) }
  }
  const answer = (use: ToolUse, text: string) => {
    const { ids, output } = prepare(use)
    const parser = openOutputParser(tokenizer, ids, output)
    const deltas = [...tokenizer.encode(text).map((id) => parser.push(id)), parser.end()]
    return {
      text: deltas.map((delta) => delta.text).join(''),
      reasoning: deltas.map((delta) => delta.reasoning).join(''),
      calls: deltas.flatMap(({ calls }) => calls.map((call) => [call.name, call.arguments])),
    }
  }
  return { family, tokenizer, chat, prepare, answer }
}

describe.each(golden.families.map(({ name }) => name))('a template in the manner of %s', (name) => {
  const { family, prepare, tokenizer } = openFamily(name)

  it('prints what Jinja prints', () => {
    const template = openTemplate(TOKENS, family.template.join(''))
    golden.conversations.forEach(({ messages, tools }, index) => {
      const render = () => renderChat(template, { messages, tools, addGenerationPrompt: true })
      const expected = family.rendered[index]
      if (expected === null) expect(render).toThrow()
      else expect(render()).toBe(expected)
    })
  })

  it('gets calls in the shape that it prints', () => {
    for (const [index, { messages, tools }] of [first, second].entries()) {
      // Its own shape: the first in which Jinja prints the calls.
      const rendered = [0, 2, 4].map((shape) => family.rendered[index + shape])
      const expected = rendered.find(
        (text) => text?.includes('Zürich \\"HB\\"') || text?.includes('Zürich "HB"'),
      )
      const text = index === 0 ? expected : rendered.find((each) => each !== null)
      if (name === 'Granite 3') continue // prints no calls
      if (text === undefined) expect(() => prepare({ messages, tools })).toThrow(/only one call/)
      else expect(prepare({ messages, tools }).text).toBe(text)
    }
  })

  it('keeps contents, arguments, results and descriptions inert', () => {
    const controls = (use: ToolUse) => prepare(use).ids.filter((id) => tokenizer.isControl(id))
    const use = (text: string): ToolUse => ({
      tools: [{ function: { name: 'f', description: text, parameters: { properties: { [text]: {} } } } }],
      messages: [
        { role: 'user', content: text },
        {
          role: 'assistant',
          content: '',
          tool_calls: [
            { id: 'functions.f:0', type: 'function', function: { name: 'f', arguments: { [text]: text } } },
          ],
        },
        { role: 'tool', content: text, tool_call_id: 'functions.f:0' },
      ],
    })
    const hostile = tokenizer.controls.join('')
    expect(controls(use(`${hostile}<think></think>`))).toEqual(controls(use('x')))
    const plain = hostile.replaceAll(/<.?think>|<.tool_call.>/g, '')
    expect(prepare(use(plain)).text).toContain(plain)
  })
})

it('a template that prints no calls gets them in the content, as the model writes them', () => {
  const { prepare, tokenizer } = openFamily('Granite 3')
  const { ids, text } = prepare({ messages: second.messages, tools: second.tools })
  expect(text).toContain(
    'Let me see.\n<|tool_call|>[{"name": "add", "arguments": {"a": 1, "b": 2}}, ' +
      '{"name": "add", "arguments": {"a": 3, "b": 4}}]<|end_of_text|>',
  )
  const marker = tokenizer.controlId('<|tool_call|>')
  expect(ids.filter((id) => id === marker)).toHaveLength(2)
})

it('escaped JSON is restored where a template asks for ASCII', () => {
  const tokenizer = tokenizerFor('<｜User｜>')
  const source = '{{ tools | tojson(ensure_ascii=True) }}{{ messages[0].content }}'
  const chat = openChatEncoder(tokenizer, TOKENS, source)
  const tools = [{ function: { name: 'f', description: '<｜User｜> é' } }]
  const messages = [{ role: 'user', content: 'a \\ufdd0 <｜User｜>' }]
  const { text, ids } = chat.prompt(messages, { tools })
  expect(text).toBe(
    '[{"function": {"name": "f", "description": "<\\uff5cUser\\uff5c> \\u00e9"}}]a \\ufdd0 <｜User｜>',
  )
  expect(ids.filter((id) => tokenizer.isControl(id))).toEqual([])
})

it('the token with which a family waits for results ends the answer', () => {
  const { prepare, tokenizer } = openFamily('Llama 3.1')
  expect(prepare(first).ends).toEqual([tokenizer.controlId('<|eom_id|>')])
})

describe('tools are refused', () => {
  const refuse = (template: string) => () =>
    prepareAnswer(openDemo(), openChatEncoder(openDemo(), demoConfig, template), {
      messages: [{ role: 'user', content: 'hi' }],
      tools: [{ function: { name: 'f' } }],
    })

  it('by a template that does not print them, and by one whose calls have an unknown form', () => {
    const chat = '{% for m in messages %}{{ m.content }}{% endfor %}'
    expect(refuse(chat)).toThrow(expect.objectContaining({ code: 'unsupported' }))
    expect(refuse(chat)).toThrow(/does not show tools/)
    const calls =
      '{% for m in messages %}{{ m.tool_calls | tojson if m.tool_calls else m.content }}{% endfor %}'
    expect(refuse(LANTERNFISH_TOOLS + calls)).toThrow(/form that this version does not read/)
    expect(refuse('{% if %}')).toThrow(expect.objectContaining({ code: 'bad_file' }))
  })

  it('never where another template of the folder prints them', () => {
    const tool_use = golden.families.find(({ name }) => name === 'GLM')?.template.join('')
    const config = {
      ...demoConfig,
      chat_template: [
        { name: 'default', template: '{{ messages[0].content }}' },
        { name: 'tool_use', template: tool_use },
      ],
    }
    const chat = openChatEncoder(openDemo(), config)
    const messages = [{ role: 'user', content: 'hi' }]
    const { output } = prepareAnswer(openDemo(), chat, { messages, tools: [{ function: { name: 'f' } }] })
    expect(output.tools).toBeDefined()
    expect(chat.prompt(messages).text).toBe('hi')
  })
})

describe('a required call', () => {
  const tools = [{ function: { name: 'f', parameters: {} } }, { function: { name: 'now' } }]
  const messages = [{ role: 'user', content: 'hi' }]
  const forms: readonly (readonly [name: string, any: string, chosen: string, rest: string])[] = [
    [
      'DeepSeek V3',
      '<｜tool▁call▁begin｜>function<｜tool▁sep｜>',
      'now\n```json\n',
      '{}\n```<｜tool▁call▁end｜>',
    ],
    ['DeepSeek V3.1', '<｜tool▁call▁begin｜>', 'now<｜tool▁sep｜>', '{}<｜tool▁call▁end｜>'],
    ['Hermes (Qwen)', '<tool_call>\n{"name": "', 'now", "arguments":', ' {}}\n</tool_call>'],
    ['Llama 3.1', '{"name": "', 'now", "parameters":', ' {}}'],
    ['GLM', '<tool_call>', 'now', '</tool_call>'],
    ['Kimi K2', '<|tool_call_begin|>functions.', 'now:0<|tool_call_argument_begin|>', '{}<|tool_call_end|>'],
    ['Granite 3', '<|tool_call|>[{"name": "', 'now", "arguments":', ' {}}]'],
  ]
  it.each(forms)('begins in the prompt for %s', (name, any, chosen, rest) => {
    const { prepare, answer } = openFamily(name)
    const required: ToolUse = { messages, tools, toolChoice: 'required' }
    const named: ToolUse = { messages, tools, toolChoice: { name: 'now' } }
    expect(prepare(required).text).toMatch(new RegExp(`${escapeText(any)}$`))
    expect(prepare(named).text).toMatch(new RegExp(`${escapeText(any + chosen)}$`))
    expect(prepare(named).text).not.toMatch(/<think>(?!\s*<\/think>)/)
    expect(answer(required, chosen + rest)).toEqual({ text: '', reasoning: '', calls: [['now', '{}']] })
    expect(answer(named, rest)).toEqual({ text: '', reasoning: '', calls: [['now', '{}']] })
    expect(answer(named, 'no').calls).toEqual([])
    expect(answer(named, 'no').text).toContain(`${any}${chosen}no`)
  })

  it('closes a thinking part that the template always opens', () => {
    const tokenizer = tokenizerFor('<tool_call></tool_call>')
    const source = `${LANTERNFISH_TOOLS}{% for m in messages %}{% for c in m.tool_calls or [] %}<tool_call>
{"name": "{{ c.function.name }}", "arguments": {{ c.function.arguments | tojson }}}
</tool_call>{% endfor %}{{ m.content }}{% endfor %}<think>`
    const begin = (template: string) =>
      prepareAnswer(tokenizer, openChatEncoder(tokenizer, TOKENS, template), {
        messages,
        tools,
        toolChoice: 'required',
      }).ids
    const end = (ids: readonly number[]) => ids.slice(ids.lastIndexOf(tokenizer.controlId('<think>') ?? -1))
    expect(end(begin(source))).toEqual(tokenizer.encode('<think></think><tool_call>\n{"name": "'))
    expect(end(begin(`${source}\n\n`))).toEqual(
      tokenizer.encode('<think>\n\n</think>\n\n<tool_call>\n{"name": "'),
    )
  })
})

const escapeText = (text: string) => text.replace(/[|[\]{}.]/g, '\\$&')

describe('an answer that is gone on with', () => {
  const tokenizer = openDemo()
  const textOf = (ids: readonly number[]) => {
    const decoder = openDecoder(tokenizer, { keepSpecial: true })
    return ids.map((id) => decoder.push(id)).join('')
  }
  const question = { role: 'user', content: 'hi' }
  function go(last: { content: string; reasoning_content?: string }, thinking?: boolean) {
    const chat = openChatEncoder(tokenizer, demoConfig)
    const begun = { role: 'assistant', ...last }
    const use = { messages: [question, begun], continueFinal: true, thinking }
    const { ids, output } = prepareAnswer(tokenizer, chat, use)
    const prompt = chat.prompt([question], { thinking }).ids
    expect(ids.slice(0, prompt.length)).toEqual(prompt)
    const parser = openOutputParser(tokenizer, ids, output)
    const deltas = [...tokenizer.encode('\nso</think>\nyes').map((id) => parser.push(id)), parser.end()]
    return {
      begun: textOf(ids.slice(prompt.length)),
      reasoning: deltas.map((delta) => delta.reasoning).join(''),
      text: deltas.map((delta) => delta.text).join(''),
    }
  }

  it('follows the prompt as plain text, and the output is only what comes after it', () => {
    expect(go({ content: 'a <｜User｜>' }, false)).toMatchObject({
      begun: 'a <｜User｜>',
      reasoning: '',
      text: '\nso\nyes',
    })
    expect(go({ content: 'a', reasoning_content: 'hm' }, true)).toEqual({
      begun: expect.stringMatching(/^hm\n?<\/think>\n*a$/),
      reasoning: '',
      text: '\nso\nyes',
    })
    expect(go({ content: '', reasoning_content: 'hm' }, true)).toEqual({
      begun: 'hm',
      reasoning: '\nso',
      text: 'yes',
    })
    expect(go({ content: '' }, false)).toMatchObject({ begun: '' })
  })

  it('takes tags at the ends of its reasoning for those that the model wrote', () => {
    expect(go({ content: '\n\na', reasoning_content: 'hm\n</think>' }, true)).toEqual({
      begun: 'hm\n</think>\n\na',
      reasoning: '',
      text: '\nso\nyes',
    })
    expect(go({ content: '', reasoning_content: 'hm</think>' }, true)).toEqual({
      begun: 'hm</think>',
      reasoning: '',
      text: 'so\nyes',
    })
    expect(go({ content: '', reasoning_content: '</think> <｜User｜>' }, true)).toMatchObject({
      begun: '</think> <｜User｜>',
      reasoning: expect.stringContaining('so'),
    })
  })

  it('must be there', () => {
    const chat = openChatEncoder(tokenizer, demoConfig)
    const use = { messages: [question], continueFinal: true }
    expect(() => prepareAnswer(tokenizer, chat, use)).toThrow(
      expect.objectContaining({ code: 'bad_request' }),
    )
  })
})
