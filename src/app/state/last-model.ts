// Answers: which model was used last, if this browser still keeps it? Only its place is remembered; never a token.
// It must not know how a model is loaded.
import { storedModels } from '../../index.ts'
import type { Opening } from './loading.ts'

const key = 'hadal.model.1'

/** Remembers a model from elsewhere, and forgets it when the bundled one is used. A forbidden storage is no reason to disturb anyone. */
export function rememberModel({ place, bundled }: Opening): void {
  try {
    if (bundled || Array.isArray(place)) localStorage.removeItem(key)
    else localStorage.setItem(key, String(place))
  } catch {}
}

/** The last model, if it is complete in the store. */
export async function lastModel(): Promise<Opening | undefined> {
  try {
    const place = localStorage.getItem(key)
    if (place === null) return undefined
    const kept = (await storedModels()).find((model) => model.complete && model.place === place)
    return kept && storedOpening(kept)
  } catch {
    return undefined
  }
}

/** How a model of the store is opened. */
export function storedOpening({ name, place }: { readonly name: string; readonly place: string }): Opening {
  return { name, place, description: place, bundled: false, options: { keep: 'files' } }
}
