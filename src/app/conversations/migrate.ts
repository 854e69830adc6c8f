// Moves conversations that earlier versions of the page kept in web storage into the database.
import { isJsonObject } from '../../lib/json.ts'
import { tryOrUndefined } from '../shared/storage.ts'
import { LEGACY_KEY } from '../state/shown.ts'
import { readConversation } from './read.ts'
import type { ConversationStore } from './store.ts'
import { type Conversation, ROOT } from './types.ts'

/** That of this tab, and the one that new tabs began with. */
export interface LegacyStorage {
  readonly tab: Storage
  readonly shared: Storage
}

/**
 * Saves the conversations found in web storage and then removes them there.
 * @returns the id of this tab's conversation, if one was found
 */
export async function migrateLegacy(
  store: ConversationStore,
  { tab, shared }: LegacyStorage,
): Promise<string | undefined> {
  const texts = [tab, shared].flatMap((storage) => tryOrUndefined(() => storage.getItem(LEGACY_KEY)) ?? [])
  const found = [...new Set(texts)].flatMap(readTurns)
  await store.save(found)
  for (const storage of [tab, shared]) tryOrUndefined(() => storage.removeItem(LEGACY_KEY))
  return found[0]?.info.id
}

/** The form was `[{ question, answer }]`, without branches. */
function readTurns(text: string): Conversation[] {
  const turns = tryOrUndefined((): unknown => JSON.parse(text))
  if (!Array.isArray(turns)) return []
  const messages = turns.filter(isJsonObject).flatMap(({ question, answer }, index) => [
    { id: `q${index}`, parent: index > 0 ? `a${index - 1}` : ROOT, role: 'user', text: question },
    { ...(isJsonObject(answer) && answer), id: `a${index}`, parent: `q${index}`, role: 'assistant' },
  ])
  const read = readConversation({ messages })
  return read.messages.length > 0 ? [read] : []
}
