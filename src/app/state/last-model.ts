// Answers: which model was used last, if this browser still keeps it, and how is a kept model opened? Its place and options are
// remembered; never a token. It must not know how a model is loaded.
import { type StoredModel, storedModels } from '../../index.ts'
import { forgetOptions, optionsFor, rememberOptions } from './kept-options.ts'
import type { Opening } from './loading.ts'
import { attempt } from './shelf.ts'

const key = 'hadal.model.1'

/** Remembers a model from elsewhere, and forgets it when the bundled one is used. */
export function rememberModel({ place, bundled, options }: Opening): void {
  const elsewhere = !bundled && !Array.isArray(place)
  if (elsewhere && options.keep) rememberOptions(String(place), options)
  attempt(() => (elsewhere ? localStorage.setItem(key, String(place)) : localStorage.removeItem(key)))
}

/** Forgets a model that was removed from the store. */
export function forgetModel(place: string): void {
  forgetOptions(place)
  attempt(() => localStorage.getItem(key) === place && localStorage.removeItem(key))
}

/** The last model, if it is complete in the store. */
export async function lastModel(): Promise<Opening | undefined> {
  try {
    const place = localStorage.getItem(key)
    if (place === null) return undefined
    const kept = (await storedModels()).filter(({ complete }) => complete)
    const own =
      kept.find((model) => model.place === place) ?? kept.find((model) => isPackedForm(model.place, place))
    return own && storedOpening(own)
  } catch {
    return undefined
  }
}

/** Whether a place of the store is where the quantised form of another place lies. */
export const isPackedForm = (stored: string, place: Opening['place']): boolean =>
  typeof place === 'string' && stored.startsWith(`${place}#`)

/** How a model of the store is opened: as it was before, and packed weights as they are. */
export function storedOpening({ name, place, kind }: Pick<StoredModel, 'name' | 'place' | 'kind'>): Opening {
  const [origin = ''] = place.split('#')
  const options =
    kind === 'packed'
      ? ({ ...optionsFor(origin), quantize: 'none', keep: 'packed' } as const)
      : ({ ...optionsFor(place), keep: 'files' } as const)
  return { name, place, description: place, bundled: false, options }
}
