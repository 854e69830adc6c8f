// Keeps the KV cache of conversations on disk, if the user wants that: old ones then go on without prefill.
import { computed, signal } from '@preact/signals'
import type { LoadedModel } from '../../index.ts'
import { HadalError } from '../../lib/error.ts'
import { readCacheFile, removeCacheFile, writeCacheFile } from '../conversations/cache-files.ts'
import { findAnswer, promptFor } from '../conversations/tree.ts'
import type { Conversation } from '../conversations/types.ts'
import { browserStorage, tryOrUndefined } from '../shared/storage.ts'
import { changeInfo, conversationList, storageFailure } from './conversations.ts'

const STORAGE_KEY = 'hadal.keep-caches.1'

export const keepCaches = signal(tryOrUndefined(() => browserStorage().getItem(STORAGE_KEY)) === 'yes')
/** Bytes of all saved caches. */
export const savedCacheBytes = computed(() =>
  conversationList.value.reduce((sum, { savedCache }) => sum + (savedCache?.bytes ?? 0), 0),
)

/** Conversations whose cache this model has, or was offered. */
const offered = new WeakMap<LoadedModel, Set<string>>()

/** Switches keeping on or off; off deletes what was kept. */
export async function changeKeepCaches(keep: boolean): Promise<void> {
  keepCaches.value = keep
  tryOrUndefined(() => browserStorage().setItem(STORAGE_KEY, keep ? 'yes' : 'no'))
  if (keep) return
  for (const { id, savedCache } of conversationList.value) if (savedCache) await dropCache(id)
}

/** Saves the cache of a conversation after an answer. A full disk switches keeping off and is shown. */
export async function saveCache(chat: Conversation, model: LoadedModel): Promise<void> {
  const { id, leaf } = chat.info
  remember(model, id)
  const answer = findAnswer(chat, leaf)
  if (!keepCaches.value || !answer || answer.text === '') return
  const last = { role: 'assistant', content: answer.text } as const
  try {
    const saved = await model.session([...promptFor(chat, leaf), last]).save()
    await writeCacheFile(id, saved)
    await changeInfo(id, { savedCache: { bytes: saved.size, model: model.info.name } })
  } catch (error) {
    await dropCache(id)
    // The model may be gone by now: then the conversation is prefilled. What remains is a disk that is full.
    if (error instanceof HadalError) return
    keepCaches.value = false
    storageFailure.value = new HadalError('storage_full', `A KV cache could not be saved: ${String(error)}`, {
      hint: 'Caches are no longer kept. Delete stored models or other files before you turn that on again.',
    })
  }
}

/** Gives a model the saved cache of a conversation, once. What it cannot take is deleted: it is prefilled. */
export async function restoreCache({ info }: Conversation, model: LoadedModel): Promise<void> {
  if (!info.savedCache || offered.get(model)?.has(info.id)) return
  remember(model, info.id)
  if (info.savedCache.model !== model.info.name) return
  const file = await readCacheFile(info.id)
  try {
    if (file) await model.session().restore(file)
  } catch {
    await dropCache(info.id)
  }
}

function remember(model: LoadedModel, id: string): void {
  offered.set(model, (offered.get(model) ?? new Set()).add(id))
}

async function dropCache(id: string): Promise<void> {
  await removeCacheFile(id)
  await changeInfo(id, { savedCache: undefined })
}
