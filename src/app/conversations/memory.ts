// Conversations in the tab's memory: where the browser blocks IndexedDB, they last as long as the tab.
import { type ConversationStore, excerptOf, inOrder, searchText } from './store.ts'
import type { ConversationInfo, Message } from './types.ts'

export function memoryStore(): ConversationStore {
  const infos = new Map<string, ConversationInfo>()
  const trees = new Map<string, Map<string, Message>>()
  const messages = (id: string) => inOrder([...(trees.get(id)?.values() ?? [])])
  return {
    list: async () => [...infos.values()],
    info: async (id) => infos.get(id),
    messages: async (id) => messages(id),
    async save(info, changed) {
      infos.set(info.id, info)
      const tree = trees.get(info.id) ?? new Map()
      trees.set(info.id, tree)
      for (const message of changed) tree.set(message.id, message)
    },
    async remove(ids) {
      for (const id of ids) {
        infos.delete(id)
        trees.delete(id)
      }
    },
    async search(text) {
      const wanted = text.toLowerCase()
      return [...infos.keys()].flatMap((id) => {
        const excerpt = excerptOf(searchText(messages(id)), wanted)
        return excerpt === undefined ? [] : [{ id, excerpt }]
      })
    },
  }
}
