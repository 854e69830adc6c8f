// Conversations in the tab's memory: where the browser blocks IndexedDB, they last as long as the tab.
import { type ConversationStore, inOrder, recordToStore, searchText } from './store.ts'
import type { ConversationInfo, Message } from './types.ts'

export function memoryStore(): ConversationStore {
  const infos = new Map<string, ConversationInfo>()
  const trees = new Map<string, Map<string, Message>>()
  const messages = (id: string) => inOrder([...(trees.get(id)?.values() ?? [])])
  return {
    list: async () => [...infos.values()],
    info: async (id) => infos.get(id),
    messages: async (id) => messages(id),
    async save(changes) {
      for (const change of changes) {
        const { id } = change.info
        const record = recordToStore(change, infos.get(id))
        if (!record) continue
        infos.set(id, record)
        const tree = trees.get(id) ?? new Map()
        trees.set(id, tree)
        for (const message of change.messages) tree.set(message.id, message)
      }
    },
    async remove(ids) {
      for (const id of ids) {
        infos.delete(id)
        trees.delete(id)
      }
    },
    texts: async (ids = [...infos.keys()]) =>
      ids.filter((id) => infos.has(id)).map((id) => ({ id, text: searchText(messages(id)) })),
  }
}
