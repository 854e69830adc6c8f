// Tests of what is read from untrusted or older data, and of the store in memory.
import { expect, test } from 'vitest'
import { memoryStore } from '../../src/app/conversations/memory.ts'
import { migrateLegacy } from '../../src/app/conversations/migrate.ts'
import { readConversation } from '../../src/app/conversations/read.ts'
import { TextSearch } from '../../src/app/conversations/search.ts'
import { ask, emptyConversation, shownPath } from '../../src/app/conversations/tree.ts'
import { memoryStorage } from './memory-storage.ts'

const LEGACY_KEY = 'hadal.chat.1'
const TURNS = [
  {
    id: 1,
    question: 'Who are you?',
    answer: { status: 'done', thinking: 'Hm.', text: 'A fish.', tokens: 9 },
  },
  { id: 2, question: 'Where?', answer: { status: 'writing', text: 'Down' } },
]

test('conversations of web storage move into the store, once, and none is lost', async () => {
  const [tab, shared, store] = [memoryStorage(), memoryStorage(), memoryStore()]
  tab.setItem(LEGACY_KEY, JSON.stringify(TURNS))
  shared.setItem(LEGACY_KEY, JSON.stringify(TURNS.slice(0, 1)))
  const id = await migrateLegacy(store, { tab, shared })
  expect((await store.list()).map(({ title }) => title)).toEqual(['Who are you?', 'Who are you?'])
  const messages = await store.messages(id ?? '')
  expect(messages.map(({ text }) => text)).toEqual(['Who are you?', 'A fish.', 'Where?', 'Down'])
  expect(messages[1]).toMatchObject({ status: 'done', thinking: 'Hm.', tokens: 9 })
  expect(messages[3]).toMatchObject({ status: 'stopped', parent: messages[2]?.id })
  expect([tab.getItem(LEGACY_KEY), shared.getItem(LEGACY_KEY)]).toEqual([null, null])
  expect(await migrateLegacy(store, { tab, shared })).toBeUndefined()
})

test.each(['nonsense', '7', 'null', '{}', '[7]', '[{"question":7}]'])(
  'legacy storage with %s gives no conversation',
  async (text) => {
    const [tab, shared, store] = [memoryStorage(), memoryStorage(), memoryStore()]
    tab.setItem(LEGACY_KEY, text)
    expect(await migrateLegacy(store, { tab, shared })).toBeUndefined()
    expect(await store.list()).toEqual([])
  },
)

test('a read conversation has new ids and only messages below known ones', () => {
  const { info, messages } = readConversation({
    title: 'T',
    leaf: 'a',
    created: 5,
    updated: 1e300,
    settings: { seed: '7', top_p: 1, other: 'x' },
    messages: [
      { id: 'a', parent: '', role: 'user', text: 'Hi' },
      { id: 'a', parent: '', role: 'user', text: 'twice' },
      { id: 'b', parent: 'b', role: 'user', text: 'below itself' },
      { id: 'c', parent: 'a', role: 'assistant', text: 7, tokens: -1, status: 'odd' },
      { id: 'd', parent: 'a', role: 'other', text: 'x' },
      null,
    ],
  })
  expect(messages.map(({ text, role }) => [role, text])).toEqual([
    ['user', 'Hi'],
    ['assistant', ''],
  ])
  expect(info).toMatchObject({ title: 'T', leaf: messages[0]?.id, created: 5, settings: { seed: '7' } })
  expect(info.updated).toBeLessThanOrEqual(Date.now())
  expect(messages[1]).toMatchObject({ parent: messages[0]?.id, status: 'stopped', tokens: 0 })
  expect(info.id).not.toBe(readConversation({ messages: [] }).info.id)
  expect(() => readConversation([])).toThrow('no list of messages')
})

test('search finds texts and names of documents in any case, with the words around them', async () => {
  const store = memoryStore()
  const documents = [{ name: 'Report.md', text: 'inside', tokens: 1 }]
  const { info, messages } = ask(emptyConversation(), `${'so '.repeat(20)}Deep Water ${'on '.repeat(40)}`, {
    documents,
  })
  await store.save([{ info, messages }])
  const search = new TextSearch(() => store)
  const [found] = await search.find('DEEP')
  expect(found?.id).toBe(info.id)
  expect(found?.excerpt).toMatch(/^…so.* Deep Water on .*…$/)
  expect((await search.find('report.MD')).length).toBe(1)
  expect(await search.find('inside')).toEqual([])
  await store.remove([info.id])
  expect([await store.list(), await store.messages(info.id)]).toEqual([[], []])
})

test('a search reads the texts once, and afterwards only those that changed', async () => {
  const store = memoryStore()
  const reads: (readonly string[] | undefined)[] = []
  const search = new TextSearch(() => ({
    texts(ids) {
      reads.push(ids)
      return store.texts(ids)
    },
  }))
  const [one, two] = ['one fish', 'two fish'].map((text) => ask(emptyConversation(), text, {}))
  if (!one || !two) throw new Error('Both were asked.')
  await store.save([one, two])
  search.changed([one.info.id])
  const found = async (text: string) => (await search.find(text)).map(({ id }) => id)
  expect(await found('fish')).toEqual([one.info.id, two.info.id])
  expect(await found('one')).toEqual([one.info.id])
  const more = ask(one, 'red fish', {})
  await store.save([{ ...more, before: one.info }])
  await store.remove([two.info.id])
  search.changed([one.info.id, two.info.id])
  expect(await found('fish')).toEqual([one.info.id])
  expect(await found('red')).toEqual([one.info.id])
  expect(reads).toEqual([undefined, [one.info.id, two.info.id]])
  search.end()
  expect(await found('red')).toEqual([one.info.id])
  expect(reads.at(-1)).toBeUndefined()
})

test('a damaged tree is shown without looping', () => {
  const chat = emptyConversation()
  const looped = { id: 'x', parent: 'x', role: 'user', text: '', created: 1 } as const
  expect(shownPath({ info: { ...chat.info, leaf: 'x' }, messages: [looped] }).length).toBeLessThan(4)
})
