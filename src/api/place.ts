// Answers: which model, and how is it to be held? Checked arguments as the worker wants them.
// It must not know what becomes of them.
import { HadalError } from '../lib/error.ts'
import type { LoadRequest, ModelPlace, QuantizeOption } from '../worker/protocol.ts'
import { badField, optionalInteger, optionalNumber, shown } from './check.ts'

/** The address of a Hugging Face folder, relative to the page; `hf:org/name[@revision]`; or the files of a folder. */
export type Place = string | URL | readonly File[]

/** What decides how many bytes a model takes; the same for `loadModel` and `plan`. */
export interface PlaceOptions {
  /** Most tokens of prompt and answer together. Default: what the model was made for, or less where the GPU's memory is smaller. */
  contextLength?: number
  /** Element type of the KV cache. Default: f16. */
  cache?: 'f16' | 'f32'
  /**
   * How weights are stored on the GPU: as in the files ('none', the default), in fewer bits, each class of weights in its own
   * way, or the best that fits ('auto').
   */
  quantize?: QuantizeOption
  /** What the GPU may give to the model. Default: what the browser tells of the machine, which may be nothing. */
  memoryBytes?: number
  /** For `hf:` names: sent to the Hub alone, kept in memory only. */
  token?: string
  /** For `hf:` names: another Hub. */
  endpoint?: string
}

/** Throws `bad_request` naming the argument. */
export function loadRequest(place: Place, options: PlaceOptions): LoadRequest {
  const { cache, quantize } = options
  const contextLength = optionalInteger('contextLength', options.contextLength, 1, 2 ** 31)
  const memoryBytes = optionalNumber('memoryBytes', options.memoryBytes, 0, Number.POSITIVE_INFINITY)
  if (cache !== undefined && cache !== 'f16' && cache !== 'f32') {
    throw badField('cache', `must be "f16" or "f32", not ${shown(cache)}`)
  }
  if (quantize !== undefined && typeof quantize !== 'string' && typeof quantize !== 'object') {
    throw badField('quantize', `must be a word or an object of words, not ${shown(quantize)}`)
  }
  return {
    place: modelPlace(place, options),
    ...(contextLength !== undefined && { contextLength }),
    ...(cache && { cache }),
    ...(quantize && { quantize }),
    ...(memoryBytes !== undefined && { memoryBytes }),
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
