// Conversations in IndexedDB: a record for the list, one record per message, and the text that search reads.
import { type DBSchema, type IDBPDatabase, type IDBPTransaction, openDB } from 'idb'
import { readSettings } from '../state/settings.ts'
import {
  type ConversationStore,
  inOrder,
  recordToStore,
  type SearchableText,
  type StoredChange,
  searchText,
} from './store.ts'
import { isUnfinished } from './tree.ts'
import type { ConversationInfo, Message } from './types.ts'

const NAME = 'hadal-conversations'
const VERSION = 1

interface Schema extends DBSchema {
  conversations: { key: string; value: ConversationInfo }
  /** Each message on its own, so that saving an answer writes that answer and nothing else. */
  messages: { key: [string, string]; value: { conversation: string; message: Message } }
  texts: { key: string; value: SearchableText }
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

  async save(changes: readonly StoredChange[]): Promise<void> {
    const transaction = this.#db.transaction(EVERYTHING, 'readwrite')
    await Promise.all([...changes.map((change) => write(transaction, change)), transaction.done])
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

  async texts(ids?: readonly string[]): Promise<SearchableText[]> {
    if (!ids) return this.#db.getAll('texts')
    const found = this.#db.transaction('texts').store
    return (await Promise.all(ids.map((id) => found.get(id)))).flatMap((text) => text ?? [])
  }
}

/** A record of an earlier version may lack settings that there are now. */
const withAllSettings = (info: ConversationInfo): ConversationInfo => ({
  ...info,
  settings: readSettings(info.settings),
})
type Transaction = IDBPTransaction<Schema, typeof EVERYTHING, 'readwrite'>

async function write(transaction: Transaction, change: StoredChange): Promise<void> {
  const { info, messages, before } = change
  const records = transaction.objectStore('conversations')
  const record = recordToStore(change, before && (await records.get(info.id)))
  if (!record) return
  const stored = transaction.objectStore('messages')
  await Promise.all([
    records.put(record),
    ...messages.map((message) => stored.put({ conversation: info.id, message })),
  ])
  // An answer that is being written is saved every second: its text can wait.
  if (messages.every((message) => message.role === 'assistant' && isUnfinished(message))) return
  const all = before ? (await stored.getAll(messagesOf(info.id))).map(({ message }) => message) : messages
  await transaction.objectStore('texts').put({ id: info.id, text: searchText(inOrder(all)) })
}

/** The keys of a conversation's messages: every array sorts after every text. */
const messagesOf = (id: string): IDBKeyRange => IDBKeyRange.bound([id], [id, []])
