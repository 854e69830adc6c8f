// The conversations of this page: their list, the one that is shown, and how both stay in step with the store
// and with other tabs.
import { computed, signal } from '@preact/signals'
import { removeCacheFile } from '../conversations/cache-files.ts'
import {
  answerReleased,
  type Change,
  type Hold,
  holdDeleted,
  openChannel,
  unlessDeletedHeld,
} from '../conversations/changes.ts'
import { openDatabase } from '../conversations/database.ts'
import { memoryStore } from '../conversations/memory.ts'
import { mergeStored } from '../conversations/merge.ts'
import { TextSearch } from '../conversations/search.ts'
import { asStorageFailure } from '../conversations/storage-failure.ts'
import type { ConversationStore, FoundText } from '../conversations/store.ts'
import { emptyConversation, findAnswer, isUnfinished, withAnswers } from '../conversations/tree.ts'
import type { Conversation, ConversationInfo, Message } from '../conversations/types.ts'
import type { Failure } from '../shared/failure.ts'
import { type ChatSettings, restoreSettings, saveSettings } from './settings.ts'
import { hasLegacy, rememberShown, shownBefore, webStorage } from './shown.ts'

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

let store: ConversationStore = memoryStore()
/** Searches the texts of all conversations. */
export const textSearch = new TextSearch(() => store)
let channel: ReturnType<typeof openChannel> | undefined
let holdingDeleted: Hold | undefined
/** Counts what was asked to be shown, so that the last one wins. */
let showing = 0

/** Opens the store, moves in what earlier versions kept, and shows the conversation of this tab. */
export async function startConversations(): Promise<void> {
  try {
    store = await openDatabase(() => {
      storageFailure.value = asStorageFailure(new Error('The browser closed its database.'))
    })
  } catch (error) {
    storageFailure.value = asStorageFailure(error)
  }
  try {
    const legacy = hasLegacy() ? await moveLegacy() : undefined
    infos.value = byId(await store.list())
    await forgetDeleted()
    const shown = legacy ?? shownBefore()
    if (shown) await openConversation(shown)
  } catch (error) {
    storageFailure.value = asStorageFailure(error)
  }
  channel = openChannel((change) => void applyChange(change))
}

/** Few visitors have conversations of earlier versions of the page. */
async function moveLegacy(): Promise<string | undefined> {
  const { migrateLegacy } = await import('../conversations/migrate.ts')
  return migrateLegacy(store, webStorage)
}

/** Shows a conversation of the list. An answer in progress in the one before goes on. */
export async function openConversation(id: string): Promise<void> {
  const request = ++showing
  if (conversation.value.info.id === id) return
  const found = inBackground.get(id) ?? (await readStored(id))
  if (!found || found.info.deleted !== undefined || request !== showing) return
  show(found)
  settleUnfinished(found)
}

async function readStored(id: string): Promise<Conversation | undefined> {
  const info = infos.value.get(id)
  if (!info) return undefined
  const messages = await store.messages(id)
  return infos.value.get(id) === info ? { info, messages } : readStored(id)
}

/** Shows an empty conversation, which is kept once something was asked. */
export function newConversation(): void {
  showing++
  if (conversation.value.messages.length > 0)
    show(emptyConversation(restoreSettings(), conversation.value.info.thinking))
}

/** A conversation that is on the screen or has an answer in progress. */
export const liveConversation = (id: string): Conversation | undefined =>
  conversation.value.info.id === id ? conversation.value : inBackground.get(id)

/** Changes a live conversation and saves its record and the given messages. */
export async function updateConversation(next: Conversation, changed: readonly Message[]): Promise<void> {
  showUpdate(next)
  if (next.messages.length > 0) await save([{ info: next.info, messages: changed }])
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
  if (infos.value.has(id)) await save([{ info, messages: [] }])
}

/** Changes settings of the conversation on the screen; new ones begin with them. */
export function changeSettings(changes: Partial<ChatSettings>): void {
  const next = { ...settings.value, ...changes }
  saveSettings(next)
  void changeInfo(conversation.value.info.id, { settings: next })
}

/** Deletes conversations, which `restoreConversations` undoes until `forgetDeleted`. */
export async function deleteConversations(ids: readonly string[]): Promise<void> {
  holdingDeleted ??= holdDeleted()
  await holdingDeleted.granted
  const deleted = Date.now()
  const changed = ids.flatMap((id) => infos.value.get(id) ?? []).map((info) => ({ ...info, deleted }))
  for (const info of changed) markDeleted(info)
  await save(changed.map((info) => ({ info, messages: [] })))
}

export async function restoreConversations(ids: readonly string[]): Promise<void> {
  const found = ids.flatMap((id) => infos.value.get(id) ?? [])
  await save(found.map(({ deleted: _, ...info }) => ({ info, messages: [] })))
  await forgetDeleted()
}

/** Removes deleted conversations for good, except while another tab can restore some. */
export async function forgetDeleted(): Promise<void> {
  await holdingDeleted?.end()
  holdingDeleted = undefined
  await unlessDeletedHeld(async () => {
    const gone = [...infos.value.values()].filter(({ deleted }) => deleted !== undefined)
    await store.remove(gone.map(({ id }) => id))
    for (const { id, savedCache } of gone) if (savedCache) await removeCacheFile(id)
    textSearch.changed(gone.map(({ id }) => id))
    infos.value = byId([...infos.value.values()].filter((info) => !gone.includes(info)))
  })
}

/** Whether a conversation was deleted, here or in another tab. */
export const isDeleted = (id: string): boolean => infos.value.get(id)?.deleted !== undefined

/** Adds conversations, for example imported ones. */
export const addConversations = (added: readonly Conversation[]): Promise<void> => save(added)

/** Conversations with all their messages: those with these ids, in the order of the ids. */
export async function readConversations(ids: readonly string[]): Promise<Conversation[]> {
  const found = ids.flatMap((id) => infos.value.get(id) ?? [])
  return Promise.all(
    found.map(async (info) => liveConversation(info.id) ?? { info, messages: await store.messages(info.id) }),
  )
}

/**
 * Conversations of the list that contain a text in their title or messages, with the words around it. If the
 * messages cannot be read, that is shown, and titles alone are searched.
 */
export async function searchConversations(text: string): Promise<FoundText[]> {
  const wanted = text.trim().toLowerCase()
  const texts = await textSearch.find(wanted).catch((error: unknown): FoundText[] => {
    storageFailure.value = asStorageFailure(error)
    return []
  })
  const inTexts = new Map(texts.map((found) => [found.id, found]))
  return conversationList.value.flatMap(({ id, title }) => {
    const found = inTexts.get(id)
    return found ?? (title.toLowerCase().includes(wanted) ? { id, excerpt: '' } : [])
  })
}

/** Conversations of which not everything is stored, because that failed. */
const unsaved = new Set<string>()

/** Saves records and messages. A failure is shown, and the page goes on without. */
async function save(changed: readonly Conversation[]): Promise<void> {
  const changes = changed.map(({ info, messages }) => {
    const complete = unsaved.has(info.id) ? liveConversation(info.id)?.messages : undefined
    return { info, messages: complete ?? messages, before: complete ? undefined : infos.value.get(info.id) }
  })
  const ids = changed.map(({ info }) => info.id)
  const shown = conversation.value.info.id
  if (ids.includes(shown) && !infos.value.has(shown)) rememberShown(shown)
  infos.value = new Map([...infos.value, ...byId(changed.map(({ info }) => info))])
  try {
    await store.save(changes)
    for (const id of ids) unsaved.delete(id)
    if (storageFailure.value?.code === 'storage_full') storageFailure.value = undefined
    textSearch.changed(ids)
    channel?.send({ ids })
  } catch (error) {
    for (const id of ids) unsaved.add(id)
    storageFailure.value = asStorageFailure(error)
  }
}

const byId = (list: readonly ConversationInfo[]) => new Map(list.map((info) => [info.id, info]))

function show(next: Conversation): void {
  const before = conversation.value.info.id
  if (inBackground.has(before)) inBackground.set(before, conversation.value)
  conversation.value = next
  rememberShown(next.info.id)
}

/** Takes over what another tab changed. */
async function applyChange({ ids }: Change): Promise<void> {
  textSearch.changed(ids)
  const stored = byId(ids.length > 1 ? await store.list() : await infosOf(ids))
  const next = new Map(infos.value)
  for (const id of ids) {
    const info = stored.get(id)
    if (info) next.set(id, info)
    else next.delete(id)
  }
  infos.value = next
  for (const id of ids) if (liveConversation(id)) await applyToLive(id)
}

async function infosOf(ids: readonly string[]): Promise<ConversationInfo[]> {
  return (await Promise.all(ids.map((id) => store.info(id)))).flatMap((info) => info ?? [])
}

async function applyToLive(id: string): Promise<void> {
  const messages = await store.messages(id)
  const live = liveConversation(id)
  const info = infos.value.get(id)
  if (!live || !info) return
  if (info.deleted !== undefined) return markDeleted(info)
  const merged = mergeStored(live, { info, messages }, writtenHere)
  showUpdate(merged)
  settleUnfinished(merged)
}

/** So that an answer in progress does not bring a deleted conversation back. */
function markDeleted(info: ConversationInfo): void {
  const live = liveConversation(info.id)
  if (live) showUpdate({ ...live, info: { ...info, leaf: live.info.leaf } })
  if (conversation.value.info.id === info.id) newConversation()
}

/** Answers that are written in this tab, which knows them better than the store. */
export const writtenHere = new Set<string>()

const settling = new Set<string>()

function settleUnfinished({ info, messages }: Conversation): void {
  for (const message of messages)
    if (message.role === 'assistant' && isUnfinished(message)) void settle(info.id, message.id)
}

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
  if (now && findAnswer(now, answer)) await updateConversation(withAnswers(now, [settled]), [settled])
}
