// Opens a model's files: from their host, from the user's files, or from what this browser has stored.
import { planUnlimited } from '../engine/load/plan.ts'
import { progressReporter } from '../engine/load/progress.ts'
import { openConfigured } from '../engine/load/user-config.ts'
import { HadalError } from '../lib/error.ts'
import { openStore, type Store } from '../store/store.ts'
import type { ModelWriter } from '../store/writer.ts'
import { openFiles } from '../weights/files.ts'
import { openHttp } from '../weights/http.ts'
import { modelFiles } from '../weights/model-files.ts'
import type { Source } from '../weights/source.ts'
import { type PhaseProgress, type ResolvedModelSource, storeKey, type WorkerLoadRequest } from './protocol.ts'

export interface OpenSourceOptions {
  readonly signal: AbortSignal
  onProgress?(progress: PhaseProgress): void
}

export interface OpenedModelSource {
  readonly source: Source
  /** Opens a writer for the quantized form; missing if that is not to be stored. */
  readonly pack?: () => Promise<ModelWriter>
  /** Call when the files have been read. */
  close(): Promise<void>
}

/** Limits for plans that only find the tensors. */
const nothingToClose = async () => {}

/**
 * Opens the source of a load request. What this browser has stored completely is read from there without
 * using the network, the quantized form first. With `keep: 'files'`, or where nothing is quantized, the files
 * are stored first; bytes already stored are not downloaded again.
 * @throws HadalError of the store (`storage_full`, `unsupported`) or the host (`not_found`, `no_access`,
 * `network`)
 */
export async function openModelSource(
  { modelSource: location, keep, quantize, config = {} }: WorkerLoadRequest,
  { signal, onProgress }: OpenSourceOptions,
): Promise<OpenedModelSource> {
  const key = storeKey(location)
  const store = key === undefined ? undefined : await openLocalStore(keep !== undefined)
  if (key === undefined || !store) return { source: await openHost(location, signal), close: nothingToClose }
  const packedKey = quantizedKey(key, quantize)
  const packed = await store.open(packedKey)
  if (packed) return { source: packed, close: () => packed.close() }
  const pack = keep === 'packed' && packedKey !== key && { pack: () => store.create(packedKey, { signal }) }
  const stored = await store.open(key)
  if (stored) return { source: stored, ...pack, close: () => stored.close() }
  const host = await openHost(location, signal)
  if (pack || !keep) return { source: host, ...pack, close: nothingToClose }
  const report = progressReporter(onProgress)
  report('list')
  const checkpoint = await openConfigured(host, { config, signal })
  // What is missing shows before the download.
  planUnlimited(checkpoint)
  const source = await store.download(key, host, await modelFiles(checkpoint, signal), {
    signal,
    onProgress: ({ phase, file, bytes, totalBytes }) =>
      report(phase, { file, bytes, totalBytes, fileBytes: 0, fileTotalBytes: 0 }),
  })
  return { source, close: () => source.close() }
}

/** The key of a quantized form: `key#q4`, or `key#path=format&…`; `key` itself if nothing is quantized. */
export function quantizedKey(key: string, quantize: WorkerLoadRequest['quantize'] = 'none'): string {
  if (quantize === 'none') return key
  const formats =
    typeof quantize === 'string' ? quantize : Object.entries(quantize).sort().join('&').replaceAll(',', '=')
  return `${key}#${formats}`
}

async function openHost(location: ResolvedModelSource, signal: AbortSignal): Promise<Source> {
  if ('url' in location) return openHttp(location.url)
  if ('files' in location) return openFiles(location.files)
  const { hub, ...options } = location
  const { openHub } = await import('../weights/hub.ts')
  return await openHub(hub, { ...options, signal })
}

/** The store; undefined in a browser without a private file system, unless something is to be stored. */
async function openLocalStore(needed: boolean): Promise<Store | undefined> {
  try {
    return await openStore()
  } catch (error) {
    if (!needed && error instanceof HadalError && error.code === 'unsupported') return undefined
    throw error
  }
}
