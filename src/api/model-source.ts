// Checks the model source and the options of `loadModel` and `plan`; makes the worker's load request.
import {
  badField,
  type FieldReader,
  jsonObject,
  numberIn,
  oneOf,
  readFields,
  requestFields,
  unknownField,
  wholeNumber,
} from '../lib/check.ts'
import { asHadalError, HadalError } from '../lib/error.ts'
import type { Fields } from '../lib/fields.ts'
import { formatValue } from '../lib/format.ts'
import {
  KV_CACHE_DTYPES,
  type ModelOptions,
  QUANTIZATIONS,
  type QuantizeOption,
  quantizationLabel,
  type ResolvedModelSource,
  SPECULATIVE,
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
  /** Requests that may wait while one runs; more are refused with `busy`. Default: 1000. */
  readonly maxQueue?: number
}

const MAX_TOKENS = 2 ** 31
const MAX_QUEUE = 1e6

/** What the worker is told as it is given here. */
type ReadOptions = ModelOptions & Pick<ModelSourceOptions, 'maxQueue'>

const READERS = {
  contextLength: wholeNumber(1, MAX_TOKENS),
  cache: oneOf(KV_CACHE_DTYPES),
  matmulPrecision: oneOf(['f32', 'f16', 'i8']),
  prefillChunk: wholeNumber(1, MAX_TOKENS),
  memoryBytes: numberIn({ min: 0, max: Number.POSITIVE_INFINITY }),
  kvCacheBytes: wholeNumber(0, Number.MAX_SAFE_INTEGER),
  quantize: readQuantize,
  config: jsonObject,
  speculative: oneOf(SPECULATIVE),
  maxQueue: wholeNumber(0, MAX_QUEUE),
} satisfies { readonly [Option in keyof Required<ReadOptions>]: FieldReader<ReadOptions[Option]> }

/** Options of how the host is reached. */
const HOST_OPTIONS = ['token', 'endpoint']
/** Those of `loadModel`, which `plan` takes too: an application may give both the same. */
export const PAGE_OPTIONS = ['signal', 'worker', 'keep', 'onProgress', 'onStatus']

/**
 * Checks the arguments of `loadModel` or `plan`.
 * @param others names of further options, which the caller reads
 * @throws HadalError `bad_request`, naming the argument
 */
export function workerLoadRequest(
  source: ModelSource,
  options: ModelSourceOptions,
  others: readonly string[] = [],
): WorkerLoadRequest {
  const fields = requestFields(options)
  const known = [...Object.keys(READERS), ...HOST_OPTIONS, ...others]
  const unknown = unknownField(fields, (name) => known.includes(name))
  if (unknown !== undefined)
    throw badField(unknown, 'is not an option', `Leave it out. Options: ${known.join(', ')}.`)
  return { modelSource: resolveSource(source, options), ...readFields(fields, READERS) }
}

/** What a source was taken for, if that needs saying. */
export function sourceNotices(source: ModelSource): readonly string[] {
  const name = bareHubName(source)
  if (name === undefined) return []
  return [`"${name}" was read as hf:${name}. For a folder of this site write ./${name}/ instead.`]
}

/** The error of a load or plan, with what its source was taken for. */
export function explainSource(error: unknown, source: ModelSource): HadalError {
  const known = asHadalError(error)
  const notices = known.code === 'aborted' ? [] : sourceNotices(source)
  if (notices.length === 0) return known
  const { code, message, hint, file, tensor, cause } = known
  return new HadalError(code, message, {
    hint: [hint, ...notices].join(' ').trim(),
    cause,
    ...(file && { file }),
    ...(tensor && { tensor }),
  })
}

/** `org/name`, as the Hub shows it: one slash, and none at the ends. */
function bareHubName(source: ModelSource): string | undefined {
  return typeof source === 'string' && /^[^/.:@][^/:]*\/[^/]+$/.test(source) ? source : undefined
}

// Format names are checked where the model's matrices are known.
function readQuantize(fields: Fields, key: string): QuantizeOption {
  const value = fields.get(key)
  if (typeof value === 'string' || typeof value === 'object') return value as QuantizeOption
  throw fields.error(key, 'must be a string or an object of strings', value)
}

/** Where the worker finds a source. Throws `bad_request`. */
export function resolveSource(
  source: ModelSource,
  { token, endpoint }: ModelSourceOptions = {},
): ResolvedModelSource {
  if (Array.isArray(source)) return { files: [...source] }
  const isText = typeof source === 'string' || source instanceof URL
  if (!isText || source === '') throw badAddress(source)
  const text = bareHubName(source) === undefined ? String(source) : `hf:${source}`
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
    throw badAddress(address, cause)
  }
}

function badAddress(address: unknown, cause?: unknown): HadalError {
  const isMissing = address === undefined || address === null
  const problem = isMissing ? 'is missing' : `must be an address, not ${formatValue(address)}`
  return new HadalError('bad_request', `The model source ${problem}.`, {
    hint: 'Use the address of a model folder, or a name on the Hub such as "hf:org/name".',
    cause,
  })
}
