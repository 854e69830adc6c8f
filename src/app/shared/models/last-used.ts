// Remembers in localStorage when each stored model was last loaded.
import { browserStorage, type StorageGetter } from '../storage.ts'
import { readMap, updateMap } from '../stored-map.ts'

const STORAGE_KEY = 'hadal.used.1'

export function noteUse(key: string, getStorage: StorageGetter = browserStorage, now = Date.now()): void {
  updateMap(STORAGE_KEY, getStorage, (all) => all.set(key, now))
}

export function forgetUse(key: string, getStorage: StorageGetter = browserStorage): void {
  updateMap(STORAGE_KEY, getStorage, (all) => all.delete(key))
}

/** Milliseconds since 1970; undefined if it was not loaded since that is remembered. */
export function lastUse(key: string, getStorage: StorageGetter = browserStorage): number | undefined {
  const found = readMap(STORAGE_KEY, getStorage).get(key)
  return typeof found === 'number' && Number.isFinite(found) ? found : undefined
}
