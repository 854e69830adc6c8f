// Remembers the last used model in localStorage, and how to reopen saved models.
import { type StoredModel, storedModels } from '../../../index.ts'
import { tryOrUndefined } from '../storage.ts'
import { forgetUse } from './last-used.ts'
import type { ModelChoice } from './load-state.ts'
import { isQuantizedCopy } from './quantized-copy.ts'
import { forgetOptions, savedOptionsFor, saveOptions } from './saved-options.ts'

const STORAGE_KEY = 'hadal.model.1'

/** Remembers a model that is not bundled; using the bundled one clears the memory. */
export function rememberModel({ source, bundled, options }: ModelChoice): void {
  const reopenable = !bundled && !Array.isArray(source)
  if (reopenable && options.keep) saveOptions(String(source), options)
  tryOrUndefined(() =>
    reopenable ? localStorage.setItem(STORAGE_KEY, String(source)) : localStorage.removeItem(STORAGE_KEY),
  )
}

/** Forgets a model that was deleted from the store. */
export function forgetModel(source: string): void {
  forgetOptions(source)
  forgetUse(source)
  tryOrUndefined(() => localStorage.getItem(STORAGE_KEY) === source && localStorage.removeItem(STORAGE_KEY))
}

/** The last used model, if the store has it complete. */
export async function lastModel(): Promise<ModelChoice | undefined> {
  try {
    const source = localStorage.getItem(STORAGE_KEY)
    if (source === null) return undefined
    const complete = (await storedModels()).filter((model) => model.complete)
    const found =
      complete.find((model) => model.key === source) ??
      complete.find((model) => isQuantizedCopy(model.key, source))
    return found && choiceFromStored(found)
  } catch {
    return undefined
  }
}

/** Opens a stored model as it was opened before; packed weights are already quantized. */
export function choiceFromStored({
  name,
  key,
  kind,
}: Pick<StoredModel, 'name' | 'key' | 'kind'>): ModelChoice {
  const [origin = ''] = key.split('#')
  const options =
    kind === 'packed'
      ? ({ ...savedOptionsFor(origin), quantize: 'none', keep: 'packed' } as const)
      : ({ ...savedOptionsFor(key), keep: 'files' } as const)
  return { name, source: key, description: key, bundled: false, options }
}
