// Finds the files that hold a folder's weights, and says what a folder without such files has instead.
import { HadalError } from '../lib/error.ts'
import { quoteName } from '../lib/format.ts'
import { isJsonObject } from '../lib/json.ts'
import { listNames, type Notices } from '../lib/notices.ts'
import { readJson, type Source } from './source.ts'

export const INDEX_FILE = 'model.safetensors.index.json'
export const SINGLE_WEIGHTS_FILE = 'model.safetensors'
const MAX_INDEX_BYTES = 64 * 2 ** 20 // a trillion-parameter model needs about 15 MiB

/** The tensors that the index lists, by file; no tensors where there is no index. */
export type TensorsByFile = ReadonlyMap<string, readonly string[]>

/**
 * The weight files of a folder, as transformers chooses them: model.safetensors, or else what the index
 * names, or else (as vLLM and mlx-lm do) all shards of a folder that has lost its index.
 * Errors: `not_found` if there are none; `bad_file` for an index that is wrong.
 */
export async function findWeightFiles(
  source: Source,
  notices: Notices,
  signal?: AbortSignal,
): Promise<TensorsByFile> {
  const [hasSingle, hasIndex] = await Promise.all([
    source.exists(SINGLE_WEIGHTS_FILE, signal),
    source.exists(INDEX_FILE, signal),
  ])
  if (hasSingle) {
    if (hasIndex && (await namesOtherFiles(source, signal)))
      notices.add(`${INDEX_FILE} was ignored: ${SINGLE_WEIGHTS_FILE} is there.`)
    return new Map([[SINGLE_WEIGHTS_FILE, []]])
  }
  if (hasIndex) return readIndex(source, signal)
  const found = (await listFiles(source, signal)).filter((name) => isPlainName(name) && !isOtherFormat(name))
  const numbered = found.filter((name) => /^model-\d+-of-\d+\./.test(name))
  const files = (numbered.length > 0 ? numbered : found).sort()
  if (files.length === 0) {
    const message = `${source.name} has neither ${SINGLE_WEIGHTS_FILE} nor ${INDEX_FILE}.`
    const hint = (await hintForOtherFormats(source, signal)) ?? ONLY_SAFETENSORS
    throw new HadalError('not_found', message, { file: SINGLE_WEIGHTS_FILE, hint })
  }
  notices.add(`${INDEX_FILE} is missing: the weights were taken from ${listNames(files)}.`)
  return new Map(files.map((file) => [file, []]))
}

/** Whether an index beside model.safetensors is about other files: some tools write one for that file. */
async function namesOtherFiles(source: Source, signal: AbortSignal | undefined): Promise<boolean> {
  try {
    return [...(await readIndex(source, signal)).keys()].some((file) => file !== SINGLE_WEIGHTS_FILE)
  } catch (error) {
    // A file name that leads out of the folder is refused even here: such a folder is not to be trusted.
    const malformed = error instanceof HadalError && error.code === 'bad_file' && !error.tensor
    if (malformed) return true
    throw error
  }
}

function badIndex(what: string, tensor?: string): HadalError {
  return new HadalError('bad_file', `${INDEX_FILE} ${what}.`, {
    file: INDEX_FILE,
    ...(tensor === undefined ? {} : { tensor }),
    hint: 'Download or copy this file again. If the error stays, do not trust the file.',
  })
}

/** A plain name only: an index must not point into other folders or at other hosts. */
const isPlainName = (file: string): boolean => /^\w[\w.-]*\.safetensors$/.test(file) && file.length <= 255

async function readIndex(source: Source, signal: AbortSignal | undefined): Promise<TensorsByFile> {
  const index = await readJson(source, INDEX_FILE, { maxBytes: MAX_INDEX_BYTES, signal, uniqueNames: true })
  if (!isJsonObject(index) || !isJsonObject(index.weight_map)) throw badIndex('has no weight_map')
  const tensorsByFile = new Map<string, string[]>()
  for (const [tensor, file] of Object.entries(index.weight_map)) {
    if (typeof file !== 'string' || !isPlainName(file)) {
      const shown = typeof file === 'string' ? quoteName(file) : typeof file
      throw badIndex(
        `places tensor ${quoteName(tensor)} in ${shown}, which is not a plain .safetensors file name`,
        tensor,
      )
    }
    const tensors = tensorsByFile.get(file)
    if (tensors) tensors.push(tensor)
    else tensorsByFile.set(file, [tensor])
  }
  if (tensorsByFile.size === 0) throw badIndex('lists no tensor')
  return new Map([...tensorsByFile].sort(([a], [b]) => (a < b ? -1 : 1)))
}

const ONLY_SAFETENSORS =
  'Only safetensors are read. Open the folder that holds them, or convert the model: save_pretrained of ' +
  'transformers.'

/** Files that are not read, and what helps. */
const OTHER_FORMATS: readonly (readonly [is: RegExp, hint: string])[] = [
  [
    /^consolidated\b/,
    "consolidated.* is in Mistral's own format. Open the model in that of transformers (model.safetensors).",
  ],
  [
    /^adapter_/,
    'This is an adapter (LoRA). Merge it into its base model (merge_and_unload of PEFT) and open the result.',
  ],
  [/\.gguf$/i, 'GGUF is not read. Open the original (on the Hub: the base model) and set `quantize`.'],
  [/\.(bin|pth?|ckpt|h5|msgpack|onnx|npz)\b/, ONLY_SAFETENSORS],
]

/** What is asked for on a host that lists no files: what OTHER_FORMATS has, and up to four shards. */
const PROBED = [
  SINGLE_WEIGHTS_FILE,
  ...[
    'consolidated.safetensors',
    'adapter_model.safetensors',
    'pytorch_model.bin',
    'pytorch_model.bin.index.json',
  ],
  ...['11', '12', '22', '13', '23', '33', '14', '24', '34', '44'].map(
    ([n, of]) => `model-0000${n}-of-0000${of}.safetensors`,
  ),
]

const listFiles = async (source: Source, signal?: AbortSignal): Promise<readonly string[]> =>
  source.files ? [...source.files.keys()] : existing(source, PROBED, signal)

const isOtherFormat = (name: string): boolean => OTHER_FORMATS.some(([is]) => is.test(name))

/** What helps with a folder that has weights, but in another format only; else undefined. */
export async function hintForOtherFormats(source: Source, signal?: AbortSignal): Promise<string | undefined> {
  const names = await listFiles(source, signal)
  if (names.some((name) => isPlainName(name) && !isOtherFormat(name))) return undefined
  return OTHER_FORMATS.find(([is]) => names.some((name) => is.test(name)))?.[1]
}

/** Those of the paths that exist, in order. */
export async function existing(
  source: Source,
  paths: readonly string[],
  signal?: AbortSignal,
): Promise<readonly string[]> {
  const exists = await Promise.all(paths.map((path) => source.exists(path, signal)))
  return paths.filter((_, index) => exists[index])
}
