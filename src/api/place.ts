// Checks which model an application asks for, and with which options, and makes the worker's load request of
// it.
import { badField, given, optionalInteger, optionalNumber, optionalWord, shown } from '../lib/check.ts'
import { HadalError } from '../lib/error.ts'
import { type LoadRequest, type ModelOptions, type ModelPlace, OWN_CACHES } from '../worker/protocol.ts'

export { OWN_CACHES }

/**
 * Where a model is: the address of a folder in Hugging Face's layout, relative to the page; a name on the
 * Hugging Face Hub, `hf:org/name[@revision]`; or the files of a folder.
 */
export type Place = string | URL | readonly File[]

/** How a model is held in memory, and how its host is reached; the same for `loadModel` and `plan`. */
export interface PlaceOptions extends ModelOptions {
  /** Access token for `hf:` names. It is sent to the Hub only and kept in memory only. */
  readonly token?: string
  /** Address of another Hub for `hf:` names. Default: https://huggingface.co. */
  readonly endpoint?: string
}

const MAX_TOKENS = 2 ** 31

/** Checks the arguments of `loadModel` or `plan`. @throws HadalError `bad_request`, naming the argument */
export function loadRequest(source: Place, options: PlaceOptions): LoadRequest {
  const quantize = options.quantize ?? undefined
  if (quantize !== undefined && typeof quantize !== 'string' && typeof quantize !== 'object') {
    throw badField('quantize', `must be a string or an object of strings, not ${shown(quantize)}`)
  }
  return {
    place: resolveSource(source, options),
    ...given<ModelOptions>({
      contextLength: optionalInteger('contextLength', options.contextLength, 1, MAX_TOKENS),
      cache: optionalWord('cache', options.cache, OWN_CACHES),
      products: optionalWord('matmulPrecision', options.products, ['f32', 'f16', 'i8']),
      chunk: optionalInteger('prefillChunk', options.chunk, 1, MAX_TOKENS),
      memoryBytes: optionalNumber('memoryBytes', options.memoryBytes, 0, Number.POSITIVE_INFINITY),
      quantize,
    }),
  }
}

function resolveSource(source: Place, { token, endpoint }: PlaceOptions): ModelPlace {
  if (Array.isArray(source)) return { files: [...source] }
  const text = String(source)
  if (!text.startsWith('hf:')) return { url: folderUrl(text) }
  return { hub: text, ...(token && { token }), ...(endpoint && { endpoint: folderUrl(endpoint) }) }
}

// Resolved here because the worker has another base address. A folder's address ends with a slash.
function folderUrl(address: string): string {
  try {
    const url = new URL(address, globalThis.document?.baseURI ?? globalThis.location?.href)
    if (!url.pathname.endsWith('/')) url.pathname += '/'
    return url.href
  } catch (cause) {
    throw new HadalError('bad_request', `${shown(address)} is not a valid address.`, {
      hint: 'Use the address of a model folder, or a name on the Hub such as "hf:org/name".',
      cause,
    })
  }
}
