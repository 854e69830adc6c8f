// Answers: from where is a model read: its host, the person's files, or what this browser keeps of it?
// It must not know what it is read for.
import { progressReporter } from '../engine/progress.ts'
import { HadalError } from '../lib/error.ts'
import { openStore, type Store } from '../store/store.ts'
import { openFiles } from '../weights/files.ts'
import { openHttp } from '../weights/http.ts'
import { openHub } from '../weights/hub.ts'
import { modelFiles } from '../weights/model-files.ts'
import type { Source } from '../weights/source.ts'
import type { LoadProgress, LoadRequest, ModelPlace } from './protocol.ts'

export interface PlaceEvents {
  readonly signal: AbortSignal
  onProgress?(progress: LoadProgress): void
}

/** The model's files, and whom to tell that they are no longer read. */
export interface OpenedPlace {
  readonly source: Source
  close(): Promise<void>
}

const stayOpen = async () => {}

/**
 * Opens the place of a request. What this browser keeps complete is read from there, without a look at the network; with
 * `keep: 'files'` the files are stored first, and what is there of them is not fetched again.
 */
export async function openPlace(
  { place, keep, quantize }: Pick<LoadRequest, 'place' | 'keep' | 'quantize'>,
  { signal, onProgress }: PlaceEvents,
): Promise<OpenedPlace> {
  const key = storeKey(place)
  if (key === undefined) return { source: await openHost(place, signal), close: stayOpen }
  const store = await ownStore(keep !== undefined)
  const kept = store && (await openKept(store, [packedKey(key, quantize), key]))
  if (kept) return { source: kept, close: () => kept.close() }
  const host = await openHost(place, signal)
  if (!store || keep !== 'files') return { source: host, close: stayOpen }
  const report = progressReporter(onProgress)
  report('list')
  const source = await store.download(key, host, await modelFiles(host, signal), {
    signal,
    onProgress: ({ phase, file, bytes, totalBytes }) =>
      report(phase, { file, bytes, totalBytes, fileBytes: 0, fileTotalBytes: 0 }),
  })
  return { source, close: () => source.close() }
}

/** What a place is called in the store; files of the person's own are never copied. */
export function storeKey(place: ModelPlace): string | undefined {
  if ('files' in place) return undefined
  return 'hub' in place ? place.hub : place.url
}

/** What its quantised form is called there. */
export const packedKey = (key: string, quantize: LoadRequest['quantize']): string =>
  typeof quantize === 'string' && quantize !== 'none' ? `${key}#${quantize}` : key

async function openHost(place: ModelPlace, signal: AbortSignal): Promise<Source> {
  if ('url' in place) return openHttp(place.url)
  if ('files' in place) return openFiles(place.files)
  const { hub, ...options } = place
  return await openHub(hub, { ...options, signal })
}

/** A browser without a private file system can do without, unless something is to be kept. */
async function ownStore(needed: boolean): Promise<Store | undefined> {
  try {
    return await openStore()
  } catch (error) {
    if (!needed && error instanceof HadalError && error.code === 'unsupported') return undefined
    throw error
  }
}

async function openKept(store: Store, keys: readonly string[]) {
  for (const key of new Set(keys)) {
    const kept = await store.open(key)
    if (kept) return kept
  }
  return undefined
}
