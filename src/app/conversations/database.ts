// Conversations in IndexedDB: a record for the list, one record per message, and the text that search reads.
import { type DBSchema, type IDBPDatabase, openDB } from 'idb'
import { readSettings } from '../state/settings.ts'
import { type ConversationStore, excerptOf, type FoundText, inOrder, searchText } from './store.ts'
import type { ConversationInfo, Message } from './types.ts'

const NAME = 'hadal-conversations'
const VERSION = 1

interface Schema extends DBSchema {
  conversations: { key: string; value: ConversationInfo }
  /** Each message on its own, so that saving an answer writes that answer and nothing else. */
  messages: { key: [string, string]; value: { conversation: string; message: Message } }
  texts: { key: string; value: { id: string; text: string } }
}

const EVERYTHING = ['conversations', 'messages', 'texts'] as const

/**
 * Opens the database. Rejects where the browser blocks it.
 * @param onClosed called when the browser has closed it, for example because the user deleted its data
 */
export async function openDatabase(onClosed: () => void): Promise<ConversationStore> {
  const db = await openDB<Schema>(NAME, VERSION, {
    upgrade(fresh) {
      fresh.createObjectStore('conversations', { keyPath: 'id' })
      fresh.createObjectStore('messages', { keyPath: ['conversation', 'message.id'] })
      fresh.createObjectStore('texts', { keyPath: 'id' })
    },
    // A newer version of the page, in another tab, waits for this one to let go.
    blocking: (_current, _blocked, event) => (event.target as IDBDatabase).close(),
    terminated: onClosed,
  })
  return new DatabaseStore(db)
}

class DatabaseStore implements ConversationStore {
  readonly #db: IDBPDatabase<Schema>

  constructor(db: IDBPDatabase<Schema>) {
    this.#db = db
  }

  async list(): Promise<ConversationInfo[]> {
    return (await this.#db.getAll('conversations')).map(withAllSettings)
  }

  async info(id: string): Promise<ConversationInfo | undefined> {
    const found = await this.#db.get('conversations', id)
    return found && withAllSettings(found)
  }

  async messages(id: string): Promise<Message[]> {
    const found = await this.#db.getAll('messages', messagesOf(id))
    return inOrder(found.map(({ message }) => message))
  }

  async save(info: ConversationInfo, messages: readonly Message[]): Promise<void> {
    const change = this.#db.transaction(EVERYTHING, 'readwrite')
    const stored = change.objectStore('messages')
    await change.objectStore('conversations').put(info)
    await Promise.all(messages.map((message) => stored.put({ conversation: info.id, message })))
    if (messages.length > 0) {
      const all = inOrder((await stored.getAll(messagesOf(info.id))).map(({ message }) => message))
      await change.objectStore('texts').put({ id: info.id, text: searchText(all) })
    }
    await change.done
  }

  async remove(ids: readonly string[]): Promise<void> {
    const change = this.#db.transaction(EVERYTHING, 'readwrite')
    const removals = ids.flatMap((id) => [
      change.objectStore('conversations').delete(id),
      change.objectStore('messages').delete(messagesOf(id)),
      change.objectStore('texts').delete(id),
    ])
    await Promise.all([...removals, change.done])
  }

  async search(text: string): Promise<FoundText[]> {
    const wanted = text.toLowerCase()
    const all = await this.#db.getAll('texts')
    return all.flatMap(({ id, text: searched }) => {
      const excerpt = excerptOf(searched, wanted)
      return excerpt === undefined ? [] : [{ id, excerpt }]
    })
  }
}

/** A record of an earlier version may lack settings that there are now. */
const withAllSettings = (info: ConversationInfo): ConversationInfo => ({
  ...info,
  settings: readSettings(info.settings),
})

/** The keys of a conversation's messages: every array sorts after every text. */
const messagesOf = (id: string): IDBKeyRange => IDBKeyRange.bound([id], [id, []])
