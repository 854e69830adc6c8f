// Answers: which tensors does a model folder hold, and in which files? Only config, index and headers are read.
// It must not know what any tensor or setting means.
import { quote } from '../lib/bytes.ts'
import { HadalError } from '../lib/error.ts'
import { isRecord } from '../lib/record.ts'
import { readHeader, type TensorEntry } from './safetensors.ts'
import { readJson, type Source } from './source.ts'

/** A model folder whose headers have been read and checked against each other. */
export interface Checkpoint {
  readonly source: Source
  /** config.json as it is; unchecked. */
  readonly config: unknown
  /** generation_config.json as it is, or undefined where there is none; unchecked. */
  readonly generationConfig: unknown
  readonly tensors: ReadonlyMap<string, TensorEntry>
  /** The weight files, in the order of their names. */
  readonly files: readonly { readonly name: string; readonly bytes: number }[]
}

export const configPath = 'config.json'
const generationPath = 'generation_config.json'
export const indexPath = 'model.safetensors.index.json'
export const singlePath = 'model.safetensors'
const maxConfigBytes = 4 * 2 ** 20
const maxIndexBytes = 64 * 2 ** 20 // a trillion-parameter model needs about 15 MiB
const parallelHeaders = 6

/** The tensors that an index promises, by shard. */
type Promised = ReadonlyMap<string, readonly string[]>

/**
 * Reads config, index and every shard header. Tensors that the index does not list are kept.
 * Errors: `not_found` names the missing file and a tensor it should hold; `bad_file` and `unsupported` as
 * `parseHeader`; `bad_file` too for an index that contradicts the shards; those of `Source`.
 */
export async function openCheckpoint(source: Source, signal?: AbortSignal): Promise<Checkpoint> {
  const config = await readJson(source, configPath, { maxBytes: maxConfigBytes, signal, uniqueNames: true })
  const [hasGeneration, hasIndex] = await Promise.all([
    source.exists(generationPath, signal),
    source.exists(indexPath, signal),
  ])
  const generationConfig = hasGeneration
    ? await readJson(source, generationPath, { maxBytes: maxConfigBytes, signal, uniqueNames: true })
    : undefined
  const promised: Promised = hasIndex ? await readIndex(source, signal) : new Map([[singlePath, []]])
  if (!hasIndex && !(await source.exists(singlePath, signal))) throw noWeights(source)
  const shards = await readHeaders(source, promised, signal)
  const tensors = merge(shards.flatMap((shard) => shard.entries))
  checkPromises(promised, tensors)
  return {
    source,
    config,
    generationConfig,
    tensors,
    files: shards.map(({ name, fileBytes }) => ({ name, bytes: fileBytes })),
  }
}

function noWeights(source: Source): HadalError {
  return new HadalError('not_found', `${source.name} has neither ${singlePath} nor ${indexPath}.`, {
    file: singlePath,
    hint: 'Only weights stored as safetensors can be loaded, from the folder that holds them.',
  })
}

function badIndex(what: string, tensor?: string): HadalError {
  return new HadalError('bad_file', `${indexPath} ${what}.`, {
    file: indexPath,
    ...(tensor === undefined ? {} : { tensor }),
    hint: 'Download or copy this file again; if it stays so, do not trust it.',
  })
}

async function readIndex(source: Source, signal: AbortSignal | undefined): Promise<Promised> {
  const index = await readJson(source, indexPath, { maxBytes: maxIndexBytes, signal, uniqueNames: true })
  if (!isRecord(index) || !isRecord(index.weight_map)) throw badIndex('has no weight_map')
  const promised = new Map<string, string[]>()
  for (const [tensor, shard] of Object.entries(index.weight_map)) {
    // A plain name only: an index must not reach into other folders or to other hosts.
    if (typeof shard !== 'string' || !/^\w[\w.-]*\.safetensors$/.test(shard) || shard.length > 255) {
      const named = typeof shard === 'string' ? quote(shard) : typeof shard
      throw badIndex(
        `places tensor ${quote(tensor)} in ${named}, which is no plain .safetensors file name`,
        tensor,
      )
    }
    const tensors = promised.get(shard)
    if (tensors) tensors.push(tensor)
    else promised.set(shard, [tensor])
  }
  if (promised.size === 0) throw badIndex('lists no tensor')
  return new Map([...promised].sort(([a], [b]) => (a < b ? -1 : 1)))
}

interface Shard {
  readonly name: string
  readonly entries: readonly TensorEntry[]
  readonly fileBytes: number
}

/** Reads all headers, a few at a time; the first failure stops the others. */
async function readHeaders(
  source: Source,
  promised: Promised,
  signal?: AbortSignal,
): Promise<readonly Shard[]> {
  const names = [...promised.keys()]
  const shards: Shard[] = []
  const failed = new AbortController()
  const stop = () => failed.abort()
  signal?.addEventListener('abort', stop)
  let failure: unknown
  let next = 0
  const work = async () => {
    while (next < names.length && !failed.signal.aborted) {
      const at = next++
      const name = names[at] ?? ''
      shards[at] = { name, ...(await readHeader(source, name, failed.signal)) }
    }
  }
  const guarded = () =>
    work().catch((error: unknown) => {
      failure ??= error
      stop()
    })
  if (signal?.aborted) stop()
  await Promise.all(Array.from({ length: parallelHeaders }, guarded))
  signal?.removeEventListener('abort', stop)
  if (failure !== undefined) throw nameTensor(failure, promised)
  return shards
}

/** Adds to a failure with a whole shard the first tensor that is lost with it. */
function nameTensor(failure: unknown, promised: Promised): unknown {
  if (!(failure instanceof HadalError) || failure.tensor !== undefined || failure.file === undefined)
    return failure
  const tensor = promised.get(failure.file)?.[0]
  if (tensor === undefined) return failure
  const message = `${failure.message} Tensor ${quote(tensor)} should be in it.`
  return new HadalError(failure.code, message, {
    hint: failure.hint,
    file: failure.file,
    tensor,
    cause: failure,
  })
}

function merge(entries: readonly TensorEntry[]): ReadonlyMap<string, TensorEntry> {
  const tensors = new Map<string, TensorEntry>()
  for (const entry of entries) {
    const other = tensors.get(entry.name)
    if (other) {
      const message = `Tensor ${quote(entry.name)} is in ${other.file} and again in ${entry.file}.`
      throw new HadalError('bad_file', message, {
        file: entry.file,
        tensor: entry.name,
        hint: 'Two versions of the model may be mixed in this folder.',
      })
    }
    tensors.set(entry.name, entry)
  }
  return tensors
}

function checkPromises(promised: Promised, tensors: ReadonlyMap<string, TensorEntry>): void {
  for (const [shard, names] of promised) {
    for (const name of names) {
      const found = tensors.get(name)?.file
      if (found === shard) continue
      const where = found === undefined ? 'which lacks it' : `but it is in ${found}`
      throw badIndex(`places tensor ${quote(name)} in ${shard}, ${where}`, name)
    }
  }
}
