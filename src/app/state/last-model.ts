// Remembers the last used model in localStorage, and how to reopen saved models.
import { type Place, type StoredModel, storedModels } from '../../index.ts'
import { forgetOptions, savedOptionsFor, saveOptions } from './kept-options.ts'
import type { ModelChoice } from './loading.ts'
import { tryOrUndefined } from './shelf.ts'

const STORAGE_KEY = 'hadal.model.1'

/** Remembers a model that is not bundled; using the bundled one clears the memory. */
export function rememberModel({ place, bundled, options }: ModelChoice): void {
  const reopenable = !bundled && !Array.isArray(place)
  if (reopenable && options.keep) saveOptions(String(place), options)
  tryOrUndefined(() =>
    reopenable ? localStorage.setItem(STORAGE_KEY, String(place)) : localStorage.removeItem(STORAGE_KEY),
  )
}

/** Forgets a model that was deleted from the store. */
export function forgetModel(source: string): void {
  forgetOptions(source)
  tryOrUndefined(() => localStorage.getItem(STORAGE_KEY) === source && localStorage.removeItem(STORAGE_KEY))
}

/** The last used model, if the store has it complete. */
export async function lastModel(): Promise<ModelChoice | undefined> {
  try {
    const source = localStorage.getItem(STORAGE_KEY)
    if (source === null) return undefined
    const complete = (await storedModels()).filter((model) => model.complete)
    const found =
      complete.find((model) => model.place === source) ??
      complete.find((model) => isQuantizedCopy(model.place, source))
    return found && choiceFromStored(found)
  } catch {
    return undefined
  }
}

/** Whether a name in the store is that of the quantized copy of a source: `source#q4`. */
export const isQuantizedCopy = (storedAs: string, source: Place): boolean =>
  typeof source === 'string' && storedAs.startsWith(`${source}#`)

/** Opens a stored model as it was opened before; packed weights are already quantized. */
export function choiceFromStored({
  name,
  place,
  kind,
}: Pick<StoredModel, 'name' | 'place' | 'kind'>): ModelChoice {
  const [origin = ''] = place.split('#')
  const options =
    kind === 'packed'
      ? ({ ...savedOptionsFor(origin), quantize: 'none', keep: 'packed' } as const)
      : ({ ...savedOptionsFor(place), keep: 'files' } as const)
  return { name, place, description: place, bundled: false, options }
}
