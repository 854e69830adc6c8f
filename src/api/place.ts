// Answers: which model, and how is it to be held? Checked arguments as the worker wants them.
// It must not know what becomes of them.
import { badField, given, optionalInteger, optionalNumber, optionalWord, shown } from '../lib/check.ts'
import { HadalError } from '../lib/error.ts'
import { type LoadRequest, type ModelOptions, type ModelPlace, OWN_CACHES } from '../worker/protocol.ts'

export { OWN_CACHES }

/** The address of a Hugging Face folder, relative to the page; `hf:org/name[@revision]`; or the files of a folder. */
export type Place = string | URL | readonly File[]

/** How a model is held, and how its host is asked; the same for `loadModel` and `plan`. */
export interface PlaceOptions extends ModelOptions {
  /** For `hf:` names: sent to the Hub alone, kept in memory only. */
  readonly token?: string
  /** For `hf:` names: another Hub. */
  readonly endpoint?: string
}

const MOST_TOKENS = 2 ** 31

/** Throws `bad_request` naming the argument. */
export function loadRequest(place: Place, options: PlaceOptions): LoadRequest {
  const quantize = options.quantize ?? undefined
  if (quantize !== undefined && typeof quantize !== 'string' && typeof quantize !== 'object') {
    throw badField('quantize', `must be a word or an object of words, not ${shown(quantize)}`)
  }
  return {
    place: modelPlace(place, options),
    ...given<ModelOptions>({
      contextLength: optionalInteger('contextLength', options.contextLength, 1, MOST_TOKENS),
      cache: optionalWord('cache', options.cache, OWN_CACHES),
      products: optionalWord('products', options.products, ['f32', 'f16', 'i8']),
      chunk: optionalInteger('chunk', options.chunk, 1, MOST_TOKENS),
      memoryBytes: optionalNumber('memoryBytes', options.memoryBytes, 0, Number.POSITIVE_INFINITY),
      quantize,
    }),
  }
}

function modelPlace(place: Place, { token, endpoint }: PlaceOptions): ModelPlace {
  if (Array.isArray(place)) return { files: [...place] }
  const text = String(place)
  if (!text.startsWith('hf:')) return { url: absolute(text) }
  return { hub: text, ...(token && { token }), ...(endpoint && { endpoint: absolute(endpoint) }) }
}

// The worker's own address is another one, so relative addresses are resolved here; a folder's address ends with a slash.
function absolute(place: string): string {
  try {
    const url = new URL(place, globalThis.document?.baseURI ?? globalThis.location?.href)
    if (!url.pathname.endsWith('/')) url.pathname += '/'
    return url.href
  } catch (cause) {
    throw new HadalError('bad_request', `${shown(place)} is not an address.`, { cause })
  }
}
