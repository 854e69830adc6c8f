// Opens a model folder: reads config, index and shard headers, and lists every tensor with its file and
// bytes.

import { HadalError } from '../lib/error.ts'
import { quoteName } from '../lib/format.ts'
import { isJsonObject } from '../lib/json.ts'
import { Notices } from '../lib/notices.ts'
import { forEachParallel } from '../lib/parallel.ts'
import { readHeader, type TensorEntry } from './safetensors.ts'
import { readJson, type Source } from './source.ts'
import { addTensorToError } from './tensor-error.ts'

/** A model folder whose headers were read and checked against each other. */
export interface Checkpoint {
  readonly source: Source
  /** config.json as parsed; unchecked. */
  readonly config: unknown
  /** generation_config.json as parsed, or undefined if there is none; unchecked. */
  readonly generationConfig: unknown
  readonly tensors: ReadonlyMap<string, TensorEntry>
  /** The weight files, sorted by name. */
  readonly files: readonly { readonly name: string; readonly bytes: number }[]
  /** What is odd about the folder but does not stop a load; every step that passes over it adds to this. */
  readonly notices: Notices
}

export const CONFIG_FILE = 'config.json'
const GENERATION_CONFIG_FILE = 'generation_config.json'
export const INDEX_FILE = 'model.safetensors.index.json'
export const SINGLE_WEIGHTS_FILE = 'model.safetensors'
const MAX_CONFIG_BYTES = 4 * 2 ** 20
const MAX_INDEX_BYTES = 64 * 2 ** 20 // a trillion-parameter model needs about 15 MiB
const PARALLEL_HEADERS = 6

/** The tensors that the index lists, by shard; an inverted `weight_map`. */
type TensorsByShard = ReadonlyMap<string, readonly string[]>

/**
 * Reads config, index and every shard header. Tensors that the index does not list are kept.
 * Errors: `not_found` names the missing file and a tensor it should hold; `bad_file` and `unsupported` as in
 * `parseHeader`; `bad_file` if the index contradicts the shards; those of `Source`.
 */
export async function openCheckpoint(source: Source, signal?: AbortSignal): Promise<Checkpoint> {
  const config = await readJson(source, CONFIG_FILE, {
    maxBytes: MAX_CONFIG_BYTES,
    signal,
    uniqueNames: true,
  })
  const [hasGeneration, hasIndex] = await Promise.all([
    source.exists(GENERATION_CONFIG_FILE, signal),
    source.exists(INDEX_FILE, signal),
  ])
  const generationConfig = hasGeneration
    ? await readJson(source, GENERATION_CONFIG_FILE, {
        maxBytes: MAX_CONFIG_BYTES,
        signal,
        uniqueNames: true,
      })
    : undefined
  const tensorsByShard: TensorsByShard = hasIndex
    ? await readIndex(source, signal)
    : new Map([[SINGLE_WEIGHTS_FILE, []]])
  if (!hasIndex && !(await source.exists(SINGLE_WEIGHTS_FILE, signal))) throw missingWeights(source)
  const headers = await readHeaders(source, tensorsByShard, signal)
  const tensors = mergeTensors(headers.flatMap((header) => header.entries))
  checkIndex(tensorsByShard, tensors)
  return {
    source,
    config,
    generationConfig,
    tensors,
    files: headers.map(({ name, fileBytes }) => ({ name, bytes: fileBytes })),
    notices: new Notices(),
  }
}

function missingWeights(source: Source): HadalError {
  return new HadalError('not_found', `${source.name} has neither ${SINGLE_WEIGHTS_FILE} nor ${INDEX_FILE}.`, {
    file: SINGLE_WEIGHTS_FILE,
    hint: 'Hadal loads safetensors only. Open the folder that holds them.',
  })
}

function badIndex(what: string, tensor?: string): HadalError {
  return new HadalError('bad_file', `${INDEX_FILE} ${what}.`, {
    file: INDEX_FILE,
    ...(tensor === undefined ? {} : { tensor }),
    hint: 'Download or copy this file again. If the error stays, do not trust the file.',
  })
}

async function readIndex(source: Source, signal: AbortSignal | undefined): Promise<TensorsByShard> {
  const index = await readJson(source, INDEX_FILE, { maxBytes: MAX_INDEX_BYTES, signal, uniqueNames: true })
  if (!isJsonObject(index) || !isJsonObject(index.weight_map)) throw badIndex('has no weight_map')
  const tensorsByShard = new Map<string, string[]>()
  for (const [tensor, shard] of Object.entries(index.weight_map)) {
    // A plain name only: an index must not point into other folders or at other hosts.
    if (typeof shard !== 'string' || !/^\w[\w.-]*\.safetensors$/.test(shard) || shard.length > 255) {
      const shown = typeof shard === 'string' ? quoteName(shard) : typeof shard
      throw badIndex(
        `places tensor ${quoteName(tensor)} in ${shown}, which is not a plain .safetensors file name`,
        tensor,
      )
    }
    const tensors = tensorsByShard.get(shard)
    if (tensors) tensors.push(tensor)
    else tensorsByShard.set(shard, [tensor])
  }
  if (tensorsByShard.size === 0) throw badIndex('lists no tensor')
  return new Map([...tensorsByShard].sort(([a], [b]) => (a < b ? -1 : 1)))
}

interface ShardHeader {
  readonly name: string
  readonly entries: readonly TensorEntry[]
  readonly fileBytes: number
}

/** Reads all headers, a few at a time, in the order of the shards' names. */
async function readHeaders(
  source: Source,
  tensorsByShard: TensorsByShard,
  signal?: AbortSignal,
): Promise<readonly ShardHeader[]> {
  const headers: ShardHeader[] = []
  const readOne = async ([index, name]: readonly [number, string], stop: AbortSignal) => {
    headers[index] = { name, ...(await readHeader(source, name, stop)) }
  }
  try {
    await forEachParallel(
      [...tensorsByShard.keys()].entries(),
      { parallel: PARALLEL_HEADERS, signal },
      readOne,
    )
  } catch (error) {
    if (!(error instanceof HadalError) || error.file === undefined) throw error
    const tensor = tensorsByShard.get(error.file)?.[0]
    throw addTensorToError(error, 'should be in it', { tensor, file: error.file })
  }
  return headers
}

function mergeTensors(entries: readonly TensorEntry[]): ReadonlyMap<string, TensorEntry> {
  const tensors = new Map<string, TensorEntry>()
  for (const entry of entries) {
    const earlier = tensors.get(entry.name)
    if (earlier) {
      const message = `Tensor ${quoteName(entry.name)} is in ${earlier.file} and again in ${entry.file}.`
      throw new HadalError('bad_file', message, {
        file: entry.file,
        tensor: entry.name,
        hint: 'This folder may mix two versions of the model.',
      })
    }
    tensors.set(entry.name, entry)
  }
  return tensors
}

function checkIndex(tensorsByShard: TensorsByShard, tensors: ReadonlyMap<string, TensorEntry>): void {
  for (const [shard, names] of tensorsByShard) {
    for (const name of names) {
      const actualShard = tensors.get(name)?.file
      if (actualShard === shard) continue
      const where = actualShard === undefined ? 'which lacks it' : `but it is in ${actualShard}`
      throw badIndex(`places tensor ${quoteName(name)} in ${shard}, ${where}`, name)
    }
  }
}
