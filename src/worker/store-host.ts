// The worker's calls for stored models: list, remove, export.
import { progressReporter } from '../engine/progress.ts'
import { openStore } from '../store/store.ts'
import { outcomeOf } from './outcome.ts'
import type { RemoteStore } from './protocol.ts'

/** The store's side of the protocol. */
export function storeHost(): RemoteStore {
  const exporting = new AbortController()
  return {
    storedModels: () => outcomeOf(async () => (await openStore()).list()),
    removeStored: (place) => outcomeOf(async () => (await openStore()).remove(place)),
    exportStored: (place, folder, onProgress) =>
      outcomeOf(async () => {
        const report = progressReporter(onProgress)
        await (await openStore()).exportTo(place, folder, {
          signal: exporting.signal,
          onProgress: (moved) => report('download', { ...moved, fileBytes: 0, fileTotalBytes: 0 }),
        })
      }),
    cancelExport: () => exporting.abort(),
  }
}
