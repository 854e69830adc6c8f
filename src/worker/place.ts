// Answers: from where is a model read: its host, the person's files, or what this browser keeps of it?
// It must not know what it is read for.
import { progressReporter } from '../engine/progress.ts'
import { HadalError } from '../lib/error.ts'
import { openStore, type Store } from '../store/store.ts'
import type { ModelWriter } from '../store/writer.ts'
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

/** The model's files, whom to tell that they are no longer read, and who takes their quantised form, if that is to be kept. */
export interface OpenedPlace {
  readonly source: Source
  readonly pack?: () => Promise<ModelWriter>
  close(): Promise<void>
}

const stayOpen = async () => {}

/**
 * Opens the place of a request. What this browser keeps complete is read from there, without a look at the network: the quantised form
 * first. With `keep: 'files'`, or where nothing is quantised, the files are stored first, and what is there of them is not fetched again.
 */
export async function openPlace(
  { place, keep, quantize }: Pick<LoadRequest, 'place' | 'keep' | 'quantize'>,
  { signal, onProgress }: PlaceEvents,
): Promise<OpenedPlace> {
  const key = storeKey(place)
  const store = key === undefined ? undefined : await ownStore(keep !== undefined)
  if (key === undefined || !store) return { source: await openHost(place, signal), close: stayOpen }
  const packed = packedKey(key, quantize)
  const own = await store.open(packed)
  if (own) return { source: own, close: () => own.close() }
  const pack = keep === 'packed' && packed !== key && { pack: () => store.create(packed, { signal }) }
  const kept = await store.open(key)
  if (kept) return { source: kept, ...pack, close: () => kept.close() }
  const host = await openHost(place, signal)
  if (pack || !keep) return { source: host, ...pack, close: stayOpen }
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
export function packedKey(key: string, quantize: LoadRequest['quantize'] = 'none'): string {
  if (quantize === 'none') return key
  const form =
    typeof quantize === 'string' ? quantize : Object.entries(quantize).sort().join('&').replaceAll(',', '=')
  return `${key}#${form}`
}

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
