// Answers: what does a test of the store find in the worker of a tab? It must not know what the test does with it.
import { createSha256 } from '../../../src/store/sha256.ts'
import { openStore } from '../../../src/store/store.ts'
import { openHttp } from '../../../src/weights/http.ts'
import type { FileFacts, Source } from '../../../src/weights/source.ts'

const store = await openStore()

/** The folder `data/` of the page's host, which publishes these facts of its files as a model hub does. */
function hub(facts: Record<string, FileFacts>): Source {
  const http = openHttp(new URL('/data/', location.origin))
  const factsOf = async (path: string) => facts[path] ?? { bytes: await http.size(path) }
  return { ...http, facts: factsOf }
}

/** SHA-256 of files of a source, by their paths. */
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

/** A file of the only model in the store, as the browser keeps it. */
async function storedFile(name: string): Promise<FileSystemFileHandle> {
  const root = await (await navigator.storage.getDirectory()).getDirectoryHandle('hadal')
  for await (const handle of root.values()) {
    if (handle.kind === 'directory') return await (handle as FileSystemDirectoryHandle).getFileHandle(name)
  }
  throw new Error('the store is empty')
}

/** Changes stored bytes behind the store's back. */
async function tamper(name: string, at: number, change: (byte: number) => number): Promise<void> {
  const file = await storedFile(name)
  const bytes = new Uint8Array(await (await file.getFile()).arrayBuffer())
  const position = at < 0 ? bytes.length + at : at
  bytes[position] = change(bytes[position] ?? 0)
  const out = await file.createWritable()
  await out.write(bytes)
  await out.close()
}

/** Removes every model, and whatever else lies there. */
async function clear(): Promise<void> {
  for (const { place } of await store.list()) await store.remove(place)
}

const held = new AbortController()
const tools = { store, hub, hashes, storedFile, tamper, clear, createSha256, held }
export type Tools = typeof tools
Object.assign(globalThis, tools)
postMessage('ready')
