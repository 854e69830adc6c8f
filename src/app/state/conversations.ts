// The conversations of this page: their list, the one that is shown, and how both stay in step with the store
// and with other tabs.
import { computed, signal } from '@preact/signals'
import { asHadalError } from '../../lib/error.ts'
import { removeCacheFile } from '../conversations/cache-files.ts'
import { answerReleased, type Change, openChannel } from '../conversations/changes.ts'
import { openDatabase } from '../conversations/database.ts'
import { memoryStore } from '../conversations/memory.ts'
import { migrateLegacy } from '../conversations/migrate.ts'
import type { ConversationStore, FoundText } from '../conversations/store.ts'
import { changeAnswer, emptyConversation, findAnswer, isUnfinished } from '../conversations/tree.ts'
import type { Conversation, ConversationInfo, Message } from '../conversations/types.ts'
import type { Failure } from '../shared/failure.ts'
import { tryOrUndefined } from '../shared/storage.ts'
import { type ChatSettings, restoreSettings, saveSettings } from './settings.ts'

/** The conversation on the screen. One without messages is not kept. */
export const conversation = signal<Conversation>(emptyConversation(restoreSettings()))
/** Why conversations are not kept; undefined if they are. */
export const storageFailure = signal<Failure | undefined>(undefined)
/** Conversations that are not on the screen and have an answer in progress. */
const inBackground = new Map<string, Conversation>()
const infos = signal<ReadonlyMap<string, ConversationInfo>>(new Map())

/** What the list shows: pinned ones first, then the latest. */
export const conversationList = computed(() =>
  [...infos.value.values()]
    .filter(({ deleted }) => deleted === undefined)
    .sort((a, b) => Number(b.pinned) - Number(a.pinned) || b.updated - a.updated),
)
/** The settings of the conversation on the screen. */
export const settings = computed(() => conversation.value.info.settings)

/** The conversation that a tab shows after it was reloaded, and the one that a new tab begins with. */
const SHOWN_KEY = 'hadal.conversation.1'
/** Deleted conversations can be restored for this long. */
const KEEP_DELETED_MS = 60_000

let store: ConversationStore = memoryStore()
let channel: ReturnType<typeof openChannel> | undefined

/** Opens the store, moves in what earlier versions kept, and shows the conversation of this tab. */
export async function startConversations(): Promise<void> {
  try {
    store = await openDatabase(() => showStorageFailure(new Error('The browser closed its database.')))
  } catch (error) {
    showStorageFailure(error)
  }
  try {
    const legacy = await migrateLegacy(store, webStorage)
    infos.value = new Map((await store.list()).map((info) => [info.id, info]))
    await purgeDeleted()
    const shown =
      legacy ??
      tryOrUndefined(() => webStorage.tab.getItem(SHOWN_KEY) ?? webStorage.shared.getItem(SHOWN_KEY))
    if (shown) await openConversation(shown)
  } catch (error) {
    showStorageFailure(error)
  }
  channel = openChannel((change) => void applyChange(change))
}

/** Shows a conversation of the list. An answer in progress in the one before goes on. */
export async function openConversation(id: string): Promise<void> {
  if (conversation.value.info.id === id) return
  const info = infos.value.get(id)
  const found = inBackground.get(id) ?? (info && { info, messages: await store.messages(id) })
  if (!found || found.info.deleted !== undefined) return
  show(found)
  for (const message of found.messages)
    if (message.role === 'assistant' && isUnfinished(message)) void settle(id, message.id)
}

/** Shows an empty conversation, which is kept once something was asked. */
export function newConversation(): void {
  if (conversation.value.messages.length > 0)
    show(emptyConversation(restoreSettings(), conversation.value.info.thinking))
}

/** A conversation that is on the screen or has an answer in progress. */
export const liveConversation = (id: string): Conversation | undefined =>
  conversation.value.info.id === id ? conversation.value : inBackground.get(id)

/** Changes a live conversation and saves its record and the given messages. */
export async function updateConversation(next: Conversation, changed: readonly Message[]): Promise<void> {
  showUpdate(next)
  if (next.messages.length > 0) await save(next.info, changed)
}

/** Shows a live conversation's new state without saving it. */
export function showUpdate(next: Conversation): void {
  const { id } = next.info
  if (conversation.value.info.id === id) conversation.value = next
  else if (inBackground.has(id)) inBackground.set(id, next)
}

/** Keeps a conversation live while it is not on the screen; the result ends that. */
export function keepLive(id: string): () => void {
  const held = liveConversation(id)
  if (held) inBackground.set(id, held)
  return () => inBackground.delete(id)
}

/** Changes the record of a conversation: title, pin, settings. */
export async function changeInfo(id: string, changes: Partial<ConversationInfo>): Promise<void> {
  const live = liveConversation(id)
  const before = live?.info ?? infos.value.get(id)
  if (!before) return
  const info = { ...before, ...changes }
  if (live) showUpdate({ ...live, info })
  if (infos.value.has(id)) await save(info, [])
}

/** Changes settings of the conversation on the screen; new ones begin with them. */
export function changeSettings(changes: Partial<ChatSettings>): void {
  const next = { ...settings.value, ...changes }
  saveSettings(next)
  void changeInfo(conversation.value.info.id, { settings: next })
}

/** Deletes conversations; `restoreConversations` undoes it for a minute. */
export async function deleteConversations(ids: readonly string[]): Promise<void> {
  if (ids.includes(conversation.value.info.id)) newConversation()
  for (const id of ids) await changeInfo(id, { deleted: Date.now() })
}

export async function restoreConversations(ids: readonly string[]): Promise<void> {
  for (const id of ids) {
    const info = infos.value.get(id)
    if (!info) continue
    const { deleted: _, ...restored } = info
    await save(restored, [])
  }
}

/** Adds conversations, for example imported ones. */
export async function addConversations(added: readonly Conversation[]): Promise<void> {
  for (const { info, messages } of added) await save(info, messages)
}

/** Conversations with all their messages: those with these ids, in the order of the ids. */
export async function readConversations(ids: readonly string[]): Promise<Conversation[]> {
  const found = ids.flatMap((id) => infos.value.get(id) ?? [])
  return Promise.all(
    found.map(async (info) => liveConversation(info.id) ?? { info, messages: await store.messages(info.id) }),
  )
}

/** Conversations of the list that contain a text in their title or messages, with the words around it. */
export async function searchConversations(text: string): Promise<FoundText[]> {
  const wanted = text.trim().toLowerCase()
  const inTexts = new Map((await store.search(wanted)).map((found) => [found.id, found]))
  return conversationList.value.flatMap(({ id, title }) => {
    const found = inTexts.get(id)
    return found ?? (title.toLowerCase().includes(wanted) ? { id, excerpt: '' } : [])
  })
}

/** Saves a record and messages. A failure is shown, and the page goes on without. */
async function save(info: ConversationInfo, messages: readonly Message[]): Promise<void> {
  const isNew = !infos.value.has(info.id)
  infos.value = new Map(infos.value).set(info.id, info)
  if (isNew && conversation.value.info.id === info.id) rememberShown(info.id)
  try {
    await store.save(info, messages)
    channel?.send({ id: info.id })
  } catch (error) {
    showStorageFailure(error)
  }
}

function show(next: Conversation): void {
  const before = conversation.value.info.id
  if (inBackground.has(before)) inBackground.set(before, conversation.value)
  conversation.value = next
  rememberShown(next.info.id)
}

function rememberShown(id: string): void {
  for (const storage of [() => webStorage.tab, () => webStorage.shared])
    tryOrUndefined(() => storage().setItem(SHOWN_KEY, id))
}

/** Takes over what another tab changed. */
async function applyChange({ id, removed }: Change): Promise<void> {
  const info = removed ? undefined : await store.info(id)
  const next = new Map(infos.value)
  if (info) next.set(id, info)
  else next.delete(id)
  infos.value = next
  const live = liveConversation(id)
  if (!live) return
  if (!info || info.deleted !== undefined) {
    if (conversation.value.info.id === id) newConversation()
    return
  }
  const merged = mergeMessages(live.messages, await store.messages(id))
  const extended = merged.some(
    (message) => message.id === info.leaf && grewFrom(merged, message, live.info.leaf),
  )
  showUpdate({ info: extended ? info : { ...info, leaf: live.info.leaf }, messages: merged })
  for (const message of merged)
    if (message.role === 'assistant' && isUnfinished(message)) void settle(id, message.id)
}

/** Answers that are written in this tab, which knows them better than the store. */
export const writtenHere = new Set<string>()

function mergeMessages(own: readonly Message[], stored: readonly Message[]): Message[] {
  const mine = new Map(own.map((message) => [message.id, message]))
  const known = new Set(stored.map(({ id }) => id))
  const merged = stored.map((message) => (writtenHere.has(message.id) && mine.get(message.id)) || message)
  return [...merged, ...own.filter(({ id }) => !known.has(id))]
}

/** Whether a message is below `leaf`, or `leaf` itself. */
function grewFrom(messages: readonly Message[], message: Message, leaf: string): boolean {
  const byId = new Map(messages.map((each) => [each.id, each]))
  for (let at: Message | undefined = message; at; at = byId.get(at.parent)) if (at.id === leaf) return true
  return leaf === ''
}

const settling = new Set<string>()

/** Marks an answer as stopped once no tab writes it any more, unless it was finished. */
async function settle(id: string, answer: string): Promise<void> {
  if (writtenHere.has(answer) || settling.has(answer)) return
  settling.add(answer)
  await answerReleased(answer)
  settling.delete(answer)
  const live = liveConversation(id)
  if (!live || writtenHere.has(answer)) return
  const stored = (await store.messages(id)).find((message) => message.id === answer)
  if (stored?.role !== 'assistant') return
  const settled = isUnfinished(stored) ? { ...stored, status: 'stopped' as const } : stored
  const now = liveConversation(id)
  if (now && findAnswer(now, answer))
    await updateConversation(
      changeAnswer(now, answer, () => settled),
      [settled],
    )
}

async function purgeDeleted(): Promise<void> {
  const old = [...infos.value.values()].filter(
    ({ deleted = Infinity }) => deleted < Date.now() - KEEP_DELETED_MS,
  )
  await store.remove(old.map(({ id }) => id))
  for (const { id, savedCache } of old) if (savedCache) await removeCacheFile(id)
  for (const { id } of old) infos.value = new Map([...infos.value].filter(([known]) => known !== id))
}

function showStorageFailure(error: unknown): void {
  storageFailure.value = asHadalError(error)
}

/** Browsers that block storage throw when the properties are read. */
const webStorage = {
  get tab() {
    return sessionStorage
  },
  get shared() {
    return localStorage
  },
}
