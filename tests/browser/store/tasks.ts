// Answers: what do tests let the worker of a tab do? Each function is sent there as text and finds the worker's globals only.
import type { StoreHost } from './host.ts'
import type { Tools } from './worker.ts'

declare const store: Tools['store']
declare const hub: Tools['hub']
declare const hashes: Tools['hashes']
declare const held: Tools['held']

export type Facts = ReturnType<StoreHost['facts']>

export interface Task {
  readonly place: string
  readonly facts: Facts
  readonly files: readonly string[]
  readonly rangeBytes: number
}

export async function download({ place, facts, files, rangeBytes }: Task) {
  const dropped: string[] = []
  const onDrop = (file: string, reason: string) => dropped.push(`${file}: ${reason}`)
  const stored = await store.download(place, hub(facts), files, { rangeBytes, onDrop })
  const found = await hashes(stored, files)
  await stored.close()
  return { found, dropped }
}

export async function downloadFailing({ place, facts, files, rangeBytes }: Task) {
  return await store.download(place, hub(facts), files, { rangeBytes }).then(
    () => undefined,
    ({ code, message }: { code: string; message: string }) => ({ code, message }),
  )
}

export async function downloadUntilWaiting({ place, facts, files, rangeBytes }: Task) {
  const abort = new AbortController()
  const onProgress = ({ phase }: { phase: string }) => phase === 'wait' && abort.abort()
  const options = { rangeBytes, signal: abort.signal, onProgress }
  return await store
    .download(place, hub(facts), files, options)
    .catch((error: { code: string }) => error.code)
}

export async function downloadUntilAborted({ place, facts, files, rangeBytes }: Task) {
  const options = { rangeBytes, signal: held.signal, parallel: 1 }
  return await store
    .download(place, hub(facts), files, options)
    .catch((error: { code: string }) => error.code)
}
