// Answers: how are the files of a model folder read, wherever they are? It must not know what is in them.
import { formatBytes, quote } from '../lib/bytes.ts'
import { HadalError, throwIfAborted } from '../lib/error.ts'
import { parseJson } from './json.ts'

/** What a host tells of a file without sending it. */
export interface FileFacts {
  readonly bytes: number
  /** SHA-256 of the content, 64 lower-case hex digits, where the host publishes it. */
  readonly sha256?: string
  /** A text that changes whenever the content does: an entity tag, or a commit; missing where the host tells none. */
  readonly version?: string
}

/**
 * A folder of files that are read in pieces. Paths are relative, with `/` between their parts.
 * Errors: `not_found` names the missing file; `bad_file` says that a file ends before the bytes asked for;
 * `network` when a host misbehaves; `aborted` when the signal fires; `bad_request` for a path that leaves the folder.
 */
export interface Source {
  /** What a person calls this folder: an address, a directory, a folder name. */
  readonly name: string
  /** The file's length in bytes. */
  size(path: string, signal?: AbortSignal): Promise<number>
  /** Exactly the bytes `start` (inclusive) to `end` (exclusive), in memory of their own. */
  read(path: string, start: number, end: number, signal?: AbortSignal): Promise<Uint8Array<ArrayBuffer>>
  /**
   * Fills `into` with the file's bytes from `start` on, as `read` does but without memory of its own; missing where that
   * saves nothing. `onFilled` hears, as they arrive, how many bytes at the beginning of `into` are there.
   */
  readInto?(
    path: string,
    start: number,
    into: Uint8Array<ArrayBuffer>,
    signal?: AbortSignal,
    onFilled?: (bytes: number) => void,
  ): Promise<void>
  exists(path: string, signal?: AbortSignal): Promise<boolean>
  /** What is known of a file before it is read; only sources that are worth keeping a copy of have it. */
  facts?(path: string, signal?: AbortSignal): Promise<FileFacts>
}

export interface ReadOptions {
  /** A larger file is refused before it is read. */
  readonly maxBytes: number
  readonly signal?: AbortSignal | undefined
}

const maxDepth = 100
const maxMembers = 1_000_000 // vocabularies and indexes of today's models have up to 200,000

/** A model folder may hold nothing deeper than this by any convention in use. */
const maxParts = 8
const forbidden = /[\p{Cc}\p{Cs}\\:]/u // control characters, broken text, Windows separators, drives and schemes

/** The parts of a path, or `bad_request` if it could lead out of the folder: absolute, `..`, an address, a backslash. */
export function checkPath(path: string): readonly string[] {
  const parts = path.split('/')
  const wrong =
    parts.length > maxParts || forbidden.test(path) || parts.some((part) => /^(\.{0,2})$/.test(part))
  if (wrong) {
    throw new HadalError('bad_request', `${quote(path)} is not a plain path inside the model folder.`, {
      hint: 'A model may only name files of its own folder: do not trust this one.',
    })
  }
  return parts
}

/** The error for a file that is not there. */
export function missingFile(source: string, path: string, cause?: unknown): HadalError {
  return new HadalError('not_found', `${path} is missing in ${source}.`, {
    file: path,
    hint: 'Check that the address or folder is that of the whole model.',
    cause,
  })
}

/** The error for a file that ends before `end`. */
export function shortFile(path: string, end: number, fileBytes: number): HadalError {
  const message = `${path} is truncated: byte ${end} was asked for, the file has ${fileBytes}.`
  return new HadalError('bad_file', message, { file: path, hint: 'Download or copy this file again.' })
}

/** Checks a request before it costs anything: the signal, the path, the order of the two ends. */
export function checkRange(path: string, start: number, end: number, signal?: AbortSignal): void {
  throwIfAborted(signal)
  checkPath(path)
  if (Number.isSafeInteger(start) && Number.isSafeInteger(end) && 0 <= start && start <= end) return
  throw new HadalError('bad_request', `${path}: ${start} to ${end} is no range of bytes.`, { file: path })
}

async function readWhole(
  source: Source,
  path: string,
  options: ReadOptions,
): Promise<Uint8Array<ArrayBuffer>> {
  const bytes = await source.size(path, options.signal)
  if (bytes > options.maxBytes) {
    const message = `${path} has ${formatBytes(bytes)}; at most ${formatBytes(options.maxBytes)} are expected.`
    throw new HadalError('bad_file', message, { file: path, hint: 'This is not the file of a usual model.' })
  }
  return await source.read(path, 0, bytes, options.signal)
}

/** A whole UTF-8 file; `bad_file` when it is too large or not UTF-8. */
export async function readText(source: Source, path: string, options: ReadOptions): Promise<string> {
  const bytes = await readWhole(source, path, options)
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch (cause) {
    throw new HadalError('bad_file', `${path} is not UTF-8 text.`, { file: path, cause })
  }
}

/** A whole JSON file as unknown data; `uniqueNames` also refuses objects that name a member twice. */
export async function readJson(
  source: Source,
  path: string,
  options: ReadOptions & { readonly uniqueNames?: boolean },
): Promise<unknown> {
  const bytes = await readWhole(source, path, options)
  return parseJson(bytes, { file: path, maxDepth, maxMembers, uniqueNames: options.uniqueNames ?? false })
}
