// Opens the embedding fixture, with changes to its files, and reads its golden embeddings.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Engine } from '../../src/engine/engine.ts'
import { loadEngine } from '../../src/engine/load-engine.ts'
import type { EngineOptions } from '../../src/engine/options.ts'
import type { EmbedRequest, EmbedResult } from '../../src/engine/types.ts'
import { openMemory } from '../../src/weights/memory.ts'
import { type AdapterCase, persistentGpu } from './adapter.ts'
import { type ModelFiles, readFolder } from './folder.ts'

export const EMBEDDING_FIXTURE = join(import.meta.dirname, '..', 'fixtures', 'embedding', 'qwen3-bf16')

/** What sentence-transformers computes for the fixture; see tools/oracle/embedding_golden.py. */
export interface EmbeddingGolden {
  readonly texts: readonly string[]
  readonly ids: readonly (readonly number[])[]
  /** As the folder says: the last token, normalized. */
  readonly normalized: readonly (readonly number[])[]
  /** Of the first two texts, with the prompt `query`. */
  readonly query: readonly (readonly number[])[]
  /** Of the first two texts, 16 numbers. */
  readonly truncated: readonly (readonly number[])[]
  /** By way of pooling, not normalized. */
  readonly pooled: Readonly<Record<string, readonly (readonly number[])[]>>
}

const readJson = (name: string) => JSON.parse(readFileSync(join(EMBEDDING_FIXTURE, name), 'utf8'))

export const readEmbeddingGolden = (): EmbeddingGolden => readJson('golden.json')

/** The files that sentence-transformers 6 writes for the same model, by path. */
export const savedFiles = (): Readonly<Record<string, unknown>> => readJson('saved.json')

/** The files of the fixture with other contents: objects become JSON, undefined removes a file. */
export function embeddingFiles(changes: Readonly<Record<string, unknown>> = {}): ModelFiles {
  const { 'saved.json': _, ...files } = readFolder(EMBEDDING_FIXTURE)
  for (const [path, content] of Object.entries(changes)) {
    if (content === undefined) delete files[path]
    else files[path] = typeof content === 'string' ? content : JSON.stringify(content)
  }
  return files
}

/** Loads a folder on an adapter. The caller destroys the engine. */
export const openEmbedder = async (
  files: ModelFiles,
  adapter: AdapterCase,
  options: EngineOptions = {},
): Promise<Engine> =>
  loadEngine(openMemory(files), {
    gpu: await persistentGpu(adapter.match),
    device: adapter.options,
    ...options,
  })

export async function embedAll(
  engine: Engine,
  request: EmbedRequest,
  signal?: AbortSignal,
): Promise<EmbedResult[]> {
  const results: EmbedResult[] = []
  for await (const result of engine.embed(request, signal)) results.push(result)
  return results
}
