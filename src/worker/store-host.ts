// The worker's calls for stored models: list, remove, export.
import { progressReporter } from '../engine/load/progress.ts'
import { openStore } from '../store/store.ts'
import { captureOutcome } from './outcome.ts'
import { afterReports } from './progress-order.ts'
import type { RemoteStore } from './protocol.ts'

/** The store's side of the protocol. */
export function storeHost(): RemoteStore {
  const exporting = new AbortController()
  return {
    storedModels: () => captureOutcome(async () => (await openStore()).list()),
    removeStored: (key) => captureOutcome(async () => (await openStore()).remove(key)),
    exportStored: (key, folder, onProgress) =>
      captureOutcome(() =>
        afterReports(onProgress, async (send) => {
          const report = progressReporter(send)
          await (await openStore()).exportTo(key, folder, {
            signal: exporting.signal,
            onProgress: (moved) => report('download', { ...moved, fileBytes: 0, fileTotalBytes: 0 }),
          })
        }),
      ),
    cancelExport: () => exporting.abort(),
  }
}
