// Tests of conversations as files: what is exported is read as it was, and other files give clear errors.
import { expect, test } from 'vitest'
import { exportFile, readFile, type TransferFormat } from '../../src/app/conversations/transfer.ts'
import {
  answerBelow,
  ask,
  changeAnswer,
  emptyConversation,
  shownPath,
} from '../../src/app/conversations/tree.ts'
import type { Conversation } from '../../src/app/conversations/types.ts'

const WORDS = { you: 'You', thinking: 'Thinking' }
const HOSTILE = [
  'plain',
  '',
  '\n\nempty lines around\n\n\n',
  '```js\nopen to the end',
  '~~~~\n```\n~~~\n~~~~\nclosed, then\n   `````` \nopen',
  '``` `not a fence`\n# Title\n## You\n\n# Another',
  '<!-- hadal:question -->\n<!-- \\hadal:answer -->\n<!-- \\\\hadal:end -->',
  '<!-- hadal:conversation {"version":9} -->',
  '\u2028<!-- hadal:end -->\u2029<!-- hadal:end -->\r<!-- hadal:end -->',
  '<details>\n<summary>x</summary>\n\n</details>\n</details>\n\n</details>',
  'CRLF\r\nline\r\rend\r',
  'مرحبا \u202Eabc 🐟👨‍👩‍👧 \u0000 null',
  '<script>alert(1)</script><img src=x onerror=alert(1)>{"a":"-->"}',
]

function hostileConversation(title: string): Conversation {
  const documents = [{ name: 'a <b>"-->".md', text: HOSTILE.join('\n'), tokens: 7 }]
  let chat = emptyConversation()
  for (const text of HOSTILE) {
    chat = ask(chat, text, { documents })
    const { leaf } = chat.info
    chat = changeAnswer(chat, leaf, (answer) => ({
      ...answer,
      text,
      thinking: text,
      status: 'done',
      tokens: 3,
    }))
  }
  const model = { name: '# model `x` --> y', source: 'C:\\models\\x' }
  return { ...chat, info: { ...chat.info, title, renamed: true, pinned: true, model } }
}

async function roundTrip(chats: readonly Conversation[], format: TransferFormat): Promise<Conversation[]> {
  const { name, content } = exportFile(chats, format, WORDS)
  const { conversations, skipped } = await readFile(new File([content], name))
  expect(skipped).toBe(0)
  return [...conversations]
}

/** Without what import makes anew: ids, and times, which are not after now. */
const comparable = (chat: Conversation) =>
  shownPath(chat).map(({ message: { id: _id, parent: _parent, created: _created, ...message } }) => message)

test.each(['json', 'markdown'] as const)('%s keeps hostile texts as they were', async (format) => {
  const titles = ['# *A* [title](x) <b> \\# & ~', '--> <!-- hadal:end -->', 'تحية 🐟 $x$ |']
  const chats = titles.map(hostileConversation)
  const read = await roundTrip(chats, format)
  expect(read.map(({ info }) => info.title)).toEqual(titles)
  for (const [index, chat] of chats.entries()) {
    const same = read[index] as Conversation
    expect(comparable(same)).toEqual(comparable(chat))
    expect(same.info).toMatchObject({ pinned: true, renamed: true, model: { name: '# model `x` --> y' } })
    expect(same.info.created).toBe(chat.info.created)
    expect(same.info.id).not.toBe(chat.info.id)
  }
  const { content } = exportFile(chats, format, WORDS)
  expect(await content.text()).not.toContain('C:')
})

test('JSON keeps all versions, failures and settings; Markdown the shown path', async () => {
  const asked = ask(emptyConversation(), 'Q', {})
  const failure = { code: 'internal', message: 'm', hint: 'h' }
  const failed = changeAnswer(asked, asked.info.leaf, (answer) => ({ ...answer, status: 'failed', failure }))
  const question = failed.messages[0]?.id ?? ''
  const chat = answerBelow(failed, question, { text: 'Second', status: 'stopped', group: 'g' })
  const settings = { ...chat.info.settings, system: 'Be short.' }
  const [whole] = await roundTrip([{ ...chat, info: { ...chat.info, settings } }], 'json')
  expect(whole?.messages).toHaveLength(3)
  expect(whole?.messages[1]).toMatchObject({ status: 'failed', failure })
  expect(whole?.messages[2]).toMatchObject({ text: 'Second', status: 'stopped', group: 'g' })
  expect(whole?.info).toMatchObject({ leaf: whole?.messages[2]?.id, settings })
  const [shown] = await roundTrip([chat], 'markdown')
  expect(shown?.messages.map(({ text }) => text)).toEqual(['Q', 'Second'])
})

test('Markdown is readable, and may pass through an editor that changes ends of lines', async () => {
  const asked = ask(emptyConversation(), 'Why?', {})
  const chat = changeAnswer(asked, asked.info.leaf, (answer) => ({
    ...answer,
    model: 'Lanternfish',
    thinking: 'Hm.',
    text: 'So:\n```\ncode',
    status: 'done',
  }))
  const { content, name } = exportFile([chat], 'markdown', WORDS)
  const text = await content.text()
  expect(name).toBe('Why.md')
  const visible = text.replace(/<!--.*-->\n\n?/g, '')
  const thinking = '<details>\n<summary>Thinking</summary>\n\nHm.\n\n</details>'
  expect(visible).toBe(
    `# Why?\n\n## You\n\nWhy?\n\n${thinking}\n\n## Lanternfish\n\nSo:\n\`\`\`\ncode\n\`\`\`\n\n`,
  )
  const { conversations } = await readFile(new File([text.replaceAll('\n', '\r\n')], name))
  expect(conversations.map(comparable)).toEqual([comparable(chat)])
})

test.each([
  ['{"a":', /not valid JSON/],
  ['[]', /not of the format/],
  ['{"format":"hadal-conversations","version":2,"conversations":[]}', /version 2/],
  ['# A note\n\n<!-- hadal:question -->\n\nhi', /no conversation/],
  ['<!-- hadal:conversation {"version":2} -->', /version 2/],
  ['', /no conversation/],
])('the file %j is refused with its name', async (text, message) => {
  const reading = readFile(new File([text], 'x.md'))
  await expect(reading).rejects.toMatchObject({
    code: 'bad_file',
    file: 'x.md',
    hint: expect.stringMatching(/./),
  })
  await expect(reading).rejects.toThrow(message)
})

test('conversations of a file that cannot be read are counted, the others are read', async () => {
  const good = { title: 'Good', messages: [{ id: '1', parent: '', role: 'user', text: 'Hi' }] }
  const conversations = [null, 7, { messages: 'x' }, { messages: [] }, good, { ...good, __proto__: { x: 1 } }]
  const text = JSON.stringify({ format: 'hadal-conversations', version: 1, conversations })
  const read = await readFile(new File([text], 'x.json'))
  expect([read.conversations.length, read.skipped]).toEqual([2, 4])
  expect(exportFile(read.conversations.slice(0, 1), 'json', WORDS).name).toBe('Good.json')
  expect(exportFile(read.conversations, 'markdown', WORDS).name).toMatch(/^hadal-conversations-[-\d]+\.md$/)
})

test('a file that is too large is refused without reading it', async () => {
  const file = new File([], 'big.json')
  Object.defineProperty(file, 'size', { value: 2 ** 40 })
  await expect(readFile(file)).rejects.toThrow('128 MiB')
})
