// Tasks that tests run in a tab's worker: sent as source text, so they see only the worker's globals.
import type { StoreHost } from './host.ts'
import type { WorkerTools } from './worker.ts'

declare const store: WorkerTools['store']
declare const hub: WorkerTools['hub']
declare const hashes: WorkerTools['hashes']
declare const held: WorkerTools['held']

export type PublishedFacts = ReturnType<StoreHost['facts']>

export interface DownloadTask {
  readonly place: string
  readonly facts: PublishedFacts
  readonly files: readonly string[]
  readonly rangeBytes: number
}

export async function download({ place, facts, files, rangeBytes }: DownloadTask) {
  const dropped: string[] = []
  const onDrop = (file: string, reason: string) => dropped.push(`${file}: ${reason}`)
  const stored = await store.download(place, hub(facts), files, { rangeBytes, onDrop })
  const found = await hashes(stored, files)
  await stored.close()
  return { found, dropped }
}

export async function downloadFailing({ place, facts, files, rangeBytes }: DownloadTask) {
  return await store.download(place, hub(facts), files, { rangeBytes }).then(
    () => undefined,
    ({ code, message }: { code: string; message: string }) => ({ code, message }),
  )
}

export async function downloadUntilWaiting({ place, facts, files, rangeBytes }: DownloadTask) {
  const abort = new AbortController()
  const onProgress = ({ phase }: { phase: string }) => phase === 'wait' && abort.abort()
  const options = { rangeBytes, signal: abort.signal, onProgress }
  return await store
    .download(place, hub(facts), files, options)
    .catch((error: { code: string }) => error.code)
}

export async function downloadUntilAborted({ place, facts, files, rangeBytes }: DownloadTask) {
  const options = { rangeBytes, signal: held.signal, parallel: 1 }
  return await store
    .download(place, hub(facts), files, options)
    .catch((error: { code: string }) => error.code)
}
