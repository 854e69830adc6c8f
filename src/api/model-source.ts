// Checks the model source and the options of `loadModel` and `plan`; makes the worker's load request.
import {
  type FieldReader,
  jsonObject,
  numberIn,
  oneOf,
  readFields,
  requestFields,
  wholeNumber,
} from '../lib/check.ts'
import { HadalError } from '../lib/error.ts'
import type { Fields } from '../lib/fields.ts'
import { formatValue } from '../lib/format.ts'
import {
  KV_CACHE_DTYPES,
  type ModelOptions,
  QUANTIZATIONS,
  type QuantizeOption,
  quantizationLabel,
  type ResolvedModelSource,
  type WorkerLoadRequest,
} from '../worker/protocol.ts'

export { KV_CACHE_DTYPES, QUANTIZATIONS, quantizationLabel }

/**
 * Where a model is: the address of a folder in Hugging Face's layout, relative to the page; a name on the
 * Hugging Face Hub, `hf:org/name[@revision]`; or the files of a folder.
 */
export type ModelSource = string | URL | readonly File[]

/** How a model is held in memory, and how its host is reached; the same for `loadModel` and `plan`. */
export interface ModelSourceOptions extends ModelOptions {
  /** Access token for `hf:` names. It is sent to the Hub only and kept in memory only. */
  readonly token?: string
  /** Address of another Hub for `hf:` names. Default: https://huggingface.co. */
  readonly endpoint?: string
}

const MAX_TOKENS = 2 ** 31

const READERS = {
  contextLength: wholeNumber(1, MAX_TOKENS),
  cache: oneOf(KV_CACHE_DTYPES),
  matmulPrecision: oneOf(['f32', 'f16', 'i8']),
  prefillChunk: wholeNumber(1, MAX_TOKENS),
  memoryBytes: numberIn({ min: 0, max: Number.POSITIVE_INFINITY }),
  quantize: readQuantize,
  config: jsonObject,
} satisfies { readonly [Option in keyof Required<ModelOptions>]: FieldReader<ModelOptions[Option]> }

/** Checks the arguments of `loadModel` or `plan`. @throws HadalError `bad_request`, naming the argument */
export function workerLoadRequest(source: ModelSource, options: ModelSourceOptions): WorkerLoadRequest {
  return {
    modelSource: resolveSource(source, options),
    ...readFields(requestFields(options), READERS),
  }
}

// Format names are checked where the model's matrices are known.
function readQuantize(fields: Fields, key: string): QuantizeOption {
  const value = fields.get(key)
  if (typeof value === 'string' || typeof value === 'object') return value as QuantizeOption
  throw fields.error(key, 'must be a string or an object of strings', value)
}

function resolveSource(source: ModelSource, { token, endpoint }: ModelSourceOptions): ResolvedModelSource {
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
    throw new HadalError('bad_request', `${formatValue(address)} is not a valid address.`, {
      hint: 'Use the address of a model folder, or a name on the Hub such as "hf:org/name".',
      cause,
    })
  }
}
