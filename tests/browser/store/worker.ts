// Worker of the store tests: exposes the store and helpers as globals.
import { copyFiles, pickedFolderWriter } from '../../../src/store/export.ts'
import { createSha256 } from '../../../src/store/sha256.ts'
import { openStore } from '../../../src/store/store.ts'
import { openHttp } from '../../../src/weights/http.ts'
import type { FileInfo, Source } from '../../../src/weights/source.ts'

const store = await openStore()

/** The folder `data/` of the page's host, with the sizes and hashes that a model hub would publish. */
function hub(facts: Record<string, FileInfo>): Source {
  const http = openHttp(new URL('/data/', location.origin))
  const factsOf = async (path: string) => facts[path] ?? { bytes: await http.size(path) }
  return { ...http, fileInfo: factsOf }
}

/** SHA-256 of files of a source, by path. */
async function hashes(source: Source, paths: readonly string[]): Promise<Record<string, string>> {
  const found: Record<string, string> = {}
  for (const path of paths) {
    const hash = createSha256()
    const bytes = await source.size(path)
    for (let at = 0; at < bytes; at += 2 ** 20) {
      hash.update(await source.read(path, at, Math.min(bytes, at + 2 ** 20)))
    }
    found[path] = hash.digest()
  }
  return found
}

/** A stored file of the only model in the store. */
async function storedFile(name: string): Promise<FileSystemFileHandle> {
  const root = await (await navigator.storage.getDirectory()).getDirectoryHandle('hadal')
  for await (const handle of root.values()) {
    if (handle.kind === 'directory') return await (handle as FileSystemDirectoryHandle).getFileHandle(name)
  }
  throw new Error('the store is empty')
}

/** Changes a stored byte without the store. */
async function tamper(name: string, at: number, change: (byte: number) => number): Promise<void> {
  const file = await storedFile(name)
  const bytes = new Uint8Array(await (await file.getFile()).arrayBuffer())
  const position = at < 0 ? bytes.length + at : at
  bytes[position] = change(bytes[position] ?? 0)
  const out = await file.createWritable()
  await out.write(bytes)
  await out.close()
}

/** Removes every model, damaged ones included. */
async function clear(): Promise<void> {
  for (const { key } of await store.list()) await store.remove(key)
}

const held = new AbortController()
const tools = {
  store,
  copyFiles,
  pickedFolderWriter,
  hub,
  hashes,
  storedFile,
  tamper,
  clear,
  createSha256,
  held,
}
export type WorkerTools = typeof tools
Object.assign(globalThis, tools)
postMessage('ready')
