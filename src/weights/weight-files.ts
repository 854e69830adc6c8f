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
      notices.add(`${INDEX_FILE} was ignored: ${SINGLE_WEIGHTS_FILE} is there, and it is read first.`)
    return new Map([[SINGLE_WEIGHTS_FILE, []]])
  }
  if (hasIndex) return readIndex(source, signal)
  const files = await withoutIndex(source, signal)
  if (files.length === 0) {
    const message = `${source.name} has neither ${SINGLE_WEIGHTS_FILE} nor ${INDEX_FILE}.`
    const fallback = 'Hadal loads safetensors only. Open the folder that holds them.'
    const hint = (await hintForOtherFormats(source, signal)) ?? fallback
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

/** On a host that lists no files, shards without an index are looked for up to this number. */
const MAX_PROBED_SHARDS = 8

/** The safetensors files of a folder without index: its numbered shards, or else every one that may be it. */
async function withoutIndex(source: Source, signal: AbortSignal | undefined): Promise<readonly string[]> {
  const shard = (n: number, of: number) => `model-0000${n}-of-0000${of}.safetensors`
  const probed = Array.from({ length: MAX_PROBED_SHARDS }, (_, i) => i + 1)
  let names = [...(source.files?.keys() ?? [])]
  if (!source.files) {
    const found = await existing(
      source,
      probed.map((of) => shard(1, of)),
      signal,
    )
    const of = probed.find((n) => found.includes(shard(1, n))) ?? 0
    names = probed.slice(0, of).map((n) => shard(n, of))
  }
  const files = names.filter((name) => isPlainName(name) && !OTHER_FORMATS.some(([is]) => is.test(name)))
  const numbered = files.filter((name) => /^model-\d+-of-\d+\./.test(name))
  return (numbered.length > 0 ? numbered : files).sort()
}

/** Files that are not read, and what helps. The names are those to ask for where a host lists no files. */
const OTHER_FORMATS: readonly (readonly [is: RegExp, hint: string, names: readonly string[]])[] = [
  [
    /^consolidated\b.*\.(safetensors|pth)$/,
    "consolidated.* is in the format of Mistral's or Meta's own code. Open the model in that of transformers " +
      '(model.safetensors), or convert it.',
    ['consolidated.safetensors'],
  ],
  [
    /^adapter_(model|config)\b/,
    'This folder has only an adapter (LoRA). Merge it into its base model (merge_and_unload of PEFT), save ' +
      'that, and open the result.',
    ['adapter_model.safetensors'],
  ],
  [
    /\.gguf$/i,
    'GGUF files are not read. Open the model from which they were made (on the Hub: its base model); the ' +
      'option `quantize` makes it as small.',
    [],
  ],
  [
    /^(?!training_args|optimizer|scheduler|rng_).*\.(bin|pt|pth|ckpt|h5|msgpack|onnx|npz|bin\.index\.json)$/i,
    'The weights are in a format that is not read. Convert them (load them with transformers, then ' +
      'save_pretrained(folder, safe_serialization=True)), or open a copy that has model.safetensors.',
    ['pytorch_model.bin', 'pytorch_model.bin.index.json'],
  ],
]

/** What helps with a folder that has weights, but in another format only; else undefined. */
export async function hintForOtherFormats(
  source: Source,
  signal: AbortSignal | undefined,
): Promise<string | undefined> {
  const asked = [SINGLE_WEIGHTS_FILE, INDEX_FILE, ...OTHER_FORMATS.flatMap(([, , names]) => names)]
  const found = source.files ? [...source.files.keys()] : await existing(source, asked, signal)
  if (found.some((name) => /^model\b.*\.safetensors/.test(name))) return undefined
  return OTHER_FORMATS.find(([is]) => found.some((name) => is.test(name)))?.[1]
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
