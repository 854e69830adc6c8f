// A map from text to JSON values in localStorage, which may be full, forbidden or corrupt.
import { isJsonObject } from '../../lib/json.ts'
import { type StorageGetter, tryOrUndefined } from './storage.ts'

/** What is stored under the key; empty if that is nothing, or not readable. */
export function readMap(key: string, getStorage: StorageGetter): Map<string, unknown> {
  const all = tryOrUndefined((): unknown => JSON.parse(getStorage().getItem(key) ?? '{}'))
  return new Map(isJsonObject(all) ? Object.entries(all) : [])
}

/** Reads the map, lets `edit` change it, and stores it. */
export function updateMap(
  key: string,
  getStorage: StorageGetter,
  edit: (all: Map<string, unknown>) => unknown,
): void {
  const all = readMap(key, getStorage)
  edit(all)
  tryOrUndefined(() => getStorage().setItem(key, JSON.stringify(Object.fromEntries(all))))
}
