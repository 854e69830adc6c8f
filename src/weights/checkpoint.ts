// Opens a model folder: reads config, index and shard headers, and lists every tensor with its file and
// bytes.

import { HadalError } from '../lib/error.ts'
import { quoteName } from '../lib/format.ts'
import { listNames, Notices } from '../lib/notices.ts'
import { forEachParallel } from '../lib/parallel.ts'
import { readHeader, type TensorEntry } from './safetensors.ts'
import { readJson, readText, type Source } from './source.ts'
import { addTensorToError } from './tensor-error.ts'
import { findWeightFiles, hintForOtherFormats, INDEX_FILE, type TensorsByFile } from './weight-files.ts'

/** A model folder whose headers were read and checked against each other. */
export interface Checkpoint {
  readonly source: Source
  /** config.json as parsed; unchecked. */
  readonly config: unknown
  /** generation_config.json as parsed, or undefined if there is none; unchecked. */
  readonly generationConfig: unknown
  readonly tensors: ReadonlyMap<string, TensorEntry>
  /** The tensors that the index places in a file which lacks them, or which is missing, with that file. */
  readonly promised: ReadonlyMap<string, string>
  /** The weight files, sorted by name. */
  readonly files: readonly { readonly name: string; readonly bytes: number }[]
  /** What is odd about the folder but does not stop a load; every step that passes over it adds to this. */
  readonly notices: Notices
}

export const CONFIG_FILE = 'config.json'
const GENERATION_CONFIG_FILE = 'generation_config.json'
const MAX_CONFIG_BYTES = 4 * 2 ** 20
const PARALLEL_HEADERS = 6
/** So many missing files may hold nothing that the model needs; beyond that the folder is incomplete. */
const MAX_MISSING_FILES = 4

/**
 * Reads config, index and every shard header. Tensors that the index does not list are kept; those that no
 * file has are `promised`, because only some models need them.
 * Errors: `not_found` names the missing file and a tensor it should hold; `bad_file` and `unsupported` as in
 * `parseHeader`; `bad_file` if two files hold the same tensor; those of `Source`.
 */
export async function openCheckpoint(source: Source, signal?: AbortSignal): Promise<Checkpoint> {
  const json = { maxBytes: MAX_CONFIG_BYTES, signal, uniqueNames: true }
  const config = await readJson(source, CONFIG_FILE, json).catch(async (error: unknown) => {
    if (!(error instanceof HadalError) || error.code !== 'not_found') throw error
    const { message, file = CONFIG_FILE, hint } = error
    const better = (await hintForOtherFormats(source, signal)) ?? hint
    throw new HadalError('not_found', message, { file, hint: better, cause: error })
  })
  const notices = new Notices()
  const [generationConfig, tensorsByFile] = await Promise.all([
    source
      .exists(GENERATION_CONFIG_FILE, signal)
      .then((exists) => (exists ? readJson(source, GENERATION_CONFIG_FILE, json) : undefined)),
    findWeightFiles(source, notices, signal),
  ])
  const headers = await readHeaders(source, tensorsByFile, signal)
  const tensors = mergeTensors(headers.flatMap((header) => header.entries))
  return {
    source,
    config,
    generationConfig,
    tensors,
    promised: checkPromises(tensorsByFile, tensors, notices),
    files: headers.map(({ name, fileBytes }) => ({ name, bytes: fileBytes })),
    notices,
  }
}

/** config.json as it is written. Errors: those of `Source`. */
export const configText = (source: Source, signal?: AbortSignal): Promise<string> =>
  readText(source, CONFIG_FILE, { maxBytes: MAX_CONFIG_BYTES, signal })

interface ShardHeader {
  readonly name: string
  readonly entries: readonly TensorEntry[]
  readonly fileBytes: number
}

/** Reads the headers of all files that exist, a few at a time, in the order of their names. */
async function readHeaders(
  source: Source,
  tensorsByFile: TensorsByFile,
  signal?: AbortSignal,
): Promise<readonly ShardHeader[]> {
  const headers: ShardHeader[] = []
  let missing = 0
  const readOne = async ([index, name]: readonly [number, string], stop: AbortSignal) => {
    try {
      headers[index] = { name, ...(await readHeader(source, name, stop)) }
    } catch (error) {
      const isMissing = error instanceof HadalError && error.code === 'not_found' && error.file === name
      const most = Math.min(MAX_MISSING_FILES, tensorsByFile.size - 1)
      if (!isMissing || ++missing > most) throw error
    }
  }
  try {
    await forEachParallel(
      [...tensorsByFile.keys()].entries(),
      { parallel: PARALLEL_HEADERS, signal },
      readOne,
    )
  } catch (error) {
    if (!(error instanceof HadalError) || error.file === undefined) throw error
    const tensor = tensorsByFile.get(error.file)?.[0]
    throw addTensorToError(error, 'should be in it', { tensor, file: error.file })
  }
  return headers.filter(Boolean)
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

/** The tensors of the index that no file has. Those in another file than it says are a notice. */
function checkPromises(
  tensorsByFile: TensorsByFile,
  tensors: ReadonlyMap<string, TensorEntry>,
  notices: Notices,
): ReadonlyMap<string, string> {
  const promised = new Map<string, string>()
  const elsewhere: string[] = []
  for (const [file, names] of tensorsByFile) {
    for (const name of names) {
      const actual = tensors.get(name)?.file
      if (actual === undefined) promised.set(name, file)
      else if (actual !== file) elsewhere.push(name)
    }
  }
  if (elsewhere.length > 0) {
    const names = listNames(elsewhere)
    notices.add(`${INDEX_FILE} places tensors in the wrong file; they were read where they are: ${names}.`)
  }
  return promised
}
