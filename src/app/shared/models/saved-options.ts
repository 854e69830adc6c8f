// Remembers the load options of each saved model in localStorage (never a token), so that it opens the same
// way again.
import { KV_CACHE_DTYPES, QUANTIZATIONS } from '../../../api/model-source.ts'
import { isJsonObject } from '../../../lib/json.ts'
import { browserStorage, type StorageGetter } from '../storage.ts'
import { readMap, updateMap } from '../stored-map.ts'
import type { ModelChoice } from './load-state.ts'

export type SavedOptions = Pick<ModelChoice['options'], 'quantize' | 'contextLength' | 'cache'>

const STORAGE_KEY = 'hadal.options.1'
const QUANTIZE_OPTIONS = ['auto', ...QUANTIZATIONS] as const

/** Saves the options a model was opened with. */
export function saveOptions(
  source: string,
  options: SavedOptions,
  getStorage: StorageGetter = browserStorage,
): void {
  const { quantize, contextLength, cache } = options
  updateMap(STORAGE_KEY, getStorage, (all) => all.set(source, { quantize, contextLength, cache }))
}

/** Deletes the options of a model that is no longer saved. */
export function forgetOptions(source: string, getStorage: StorageGetter = browserStorage): void {
  updateMap(STORAGE_KEY, getStorage, (all) => all.delete(source))
}

/**
 * The options a model was last opened with. Unknown or invalid values fall back to weights that fit (`auto`).
 */
export function savedOptionsFor(source: string, getStorage: StorageGetter = browserStorage): SavedOptions {
  return readOptions(readMap(STORAGE_KEY, getStorage).get(source))
}

/** Options from storage, checked. */
export function readOptions(found: unknown): SavedOptions {
  const { quantize, contextLength: tokens, cache: cacheName } = isJsonObject(found) ? found : {}
  const cache = KV_CACHE_DTYPES.find((known) => known === cacheName)
  return {
    quantize: QUANTIZE_OPTIONS.find((known) => known === quantize) ?? 'auto',
    ...(isCount(tokens) && { contextLength: tokens }),
    ...(cache && { cache }),
  }
}

const isCount = (value: unknown): value is number =>
  Number.isInteger(value) && Number(value) > 0 && Number(value) < 2 ** 31
