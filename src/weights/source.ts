// The interface of a model folder, wherever its files are, and helpers to read from it.

import { HadalError, throwIfAborted } from '../lib/error.ts'
import { formatBytes, quoteName } from '../lib/format.ts'
import { parseJson } from './json.ts'

/** What a host reports about a file without sending it. */
export interface FileInfo {
  readonly bytes: number
  /** SHA-256 of the content, 64 lower-case hex digits, if the host publishes it. */
  readonly sha256?: string
  /**
   * A text that changes whenever the content does: an entity tag or a Git object id; missing if the host
   * sends none.
   */
  readonly version?: string
}

/**
 * A folder of files that can be read in parts. Paths are relative, with `/` between their parts.
 * Errors: `not_found` names the missing file; `bad_file` means that a file ends before the requested bytes;
 * `network` when a host misbehaves; `aborted` when the signal fires; `bad_request` for a path that leaves the
 * folder.
 */
export interface Source {
  /** The name to display for this folder: an address, a directory, a folder name. */
  readonly name: string
  /** The files of the folder by path, where they can be listed without a request. */
  readonly files?: ReadonlyMap<string, unknown>
  /** The file's length in bytes. */
  size(path: string, signal?: AbortSignal): Promise<number>
  /** Exactly the bytes `start` (inclusive) to `end` (exclusive), in newly allocated memory. */
  read(path: string, start: number, end: number, signal?: AbortSignal): Promise<Uint8Array<ArrayBuffer>>
  /**
   * Fills `into` with the file's bytes from `start` on, like `read` but without allocating; missing where
   * that saves nothing.
   */
  readInto?(
    path: string,
    start: number,
    into: Uint8Array<ArrayBuffer>,
    options?: ReadIntoOptions,
  ): Promise<void>
  /** Reads a whole file whose length need not be known; missing where `size` and `read` do as well. */
  readFile?(path: string, options: ReadOptions): Promise<Uint8Array<ArrayBuffer>>
  exists(path: string, signal?: AbortSignal): Promise<boolean>
  /**
   * Size, hash and version of a file without reading it; only for sources that the store can keep a copy of.
   */
  fileInfo?(path: string, signal?: AbortSignal): Promise<FileInfo>
}

export interface ReadIntoOptions {
  readonly signal?: AbortSignal | undefined
  /** Called, as bytes arrive, with the length of the filled beginning of the memory. */
  readonly onFilled?: ((bytes: number) => void) | undefined
}

export interface ReadOptions {
  /** A larger file is rejected before it is read. */
  readonly maxBytes: number
  readonly signal?: AbortSignal | undefined
}

const MAX_DEPTH = 100
const MAX_MEMBERS = 1_000_000 // vocabularies and indexes of today's models have up to 200,000

/** No convention in use nests the files of a model deeper than this. */
const MAX_PATH_PARTS = 8
// Control characters, lone surrogates, Windows separators, drive letters and URL schemes.
const FORBIDDEN_IN_PATH = /[\p{Cc}\p{Cs}\\:]/u

/**
 * The parts of a path. Errors: `bad_request` if it could lead out of the folder: absolute, `..`, an address,
 * a backslash.
 */
export function checkPath(path: string): readonly string[] {
  const parts = path.split('/')
  const wrong =
    parts.length > MAX_PATH_PARTS ||
    FORBIDDEN_IN_PATH.test(path) ||
    parts.some((part) => /^(\.{0,2})$/.test(part))
  if (wrong) {
    throw new HadalError('bad_request', `${quoteName(path)} is not a plain path inside the model folder.`, {
      hint: 'A model may only name files of its own folder. Do not trust this one.',
    })
  }
  return parts
}

/** The error for a missing file. */
export function missingFile(source: string, path: string, cause?: unknown): HadalError {
  return new HadalError('not_found', `${path} is missing in ${source}.`, {
    file: path,
    hint: 'Check that this is the address or folder of the complete model.',
    cause,
  })
}

/** The error for a file that ends before `end`. */
export function truncatedFile(path: string, end: number, fileBytes: number): HadalError {
  const message = `${path} is truncated: byte ${end} was asked for, the file has ${fileBytes}.`
  return new HadalError('bad_file', message, { file: path, hint: 'Download or copy this file again.' })
}

const POINTER = 'version https://git-lfs.github.com/spec/'

/** Throws `bad_file` for the short text that Git keeps in place of a large file. */
export function refusePointer(path: string, bytes: Uint8Array): void {
  if (!new TextDecoder().decode(bytes.subarray(0, POINTER.length)).startsWith(POINTER)) return
  const message = `${path} is a Git LFS pointer: a short text in place of the file itself.`
  const hint = 'Run `git lfs pull` in the folder, or download the file from where the model was published.'
  throw new HadalError('bad_file', message, { file: path, hint })
}

/** Checks the signal, the path and the order of `start` and `end`. Errors: `aborted`; `bad_request`. */
export function checkRange(path: string, start: number, end: number, signal?: AbortSignal): void {
  throwIfAborted(signal)
  checkPath(path)
  if (Number.isSafeInteger(start) && Number.isSafeInteger(end) && 0 <= start && start <= end) return
  throw new HadalError('bad_request', `${path}: ${start} to ${end} is not a byte range.`, { file: path })
}

async function readWhole(
  source: Source,
  path: string,
  options: ReadOptions,
): Promise<Uint8Array<ArrayBuffer>> {
  const content = source.readFile
    ? await source.readFile(path, options)
    : await readSized(source, path, options)
  refusePointer(path, content)
  return content
}

async function readSized(
  source: Source,
  path: string,
  { maxBytes, signal }: ReadOptions,
): Promise<Uint8Array<ArrayBuffer>> {
  const bytes = await source.size(path, signal)
  checkFileSize(path, bytes, maxBytes)
  return await source.read(path, 0, bytes, signal)
}

/** Errors: `bad_file` when a file of `bytes`, or with at least that many, is too large. */
export function checkFileSize(path: string, bytes: number, maxBytes: number): void {
  if (bytes <= maxBytes) return
  const message = `${path} has ${formatBytes(bytes)}; at most ${formatBytes(maxBytes)} are expected.`
  throw new HadalError('bad_file', message, { file: path, hint: 'No usual model has a file this large.' })
}

/** Reads a whole UTF-8 file. Errors: `bad_file` when it is too large or not UTF-8. */
export async function readText(source: Source, path: string, options: ReadOptions): Promise<string> {
  const bytes = await readWhole(source, path, options)
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch (cause) {
    throw new HadalError('bad_file', `${path} is not UTF-8 text.`, { file: path, cause })
  }
}

/** Reads a whole JSON file as unknown data; `uniqueNames` also rejects objects that name a member twice. */
export async function readJson(
  source: Source,
  path: string,
  options: ReadOptions & { readonly uniqueNames?: boolean },
): Promise<unknown> {
  const bytes = await readWhole(source, path, options)
  return parseJson(bytes, {
    file: path,
    maxDepth: MAX_DEPTH,
    maxMembers: MAX_MEMBERS,
    uniqueNames: options.uniqueNames ?? false,
  })
}
