// The worker's calls for stored models: list, remove, export.
import { openStore } from '../store/store.ts'
import { captureOutcome } from './outcome.ts'
import { afterReports } from './progress-order.ts'
import type { RemoteStore } from './protocol.ts'
import { select } from './select-stored.ts'

/** The store's side of the protocol. */
export function storeHost(): RemoteStore {
  const exporting = new AbortController()
  return {
    storedModels: () => captureOutcome(async () => (await openStore()).list()),
    removeStored: (selection) =>
      captureOutcome(async () => {
        const store = await openStore()
        for (const { key } of select(await store.list(), selection)) await store.remove(key)
      }),
    exportStored: (selection, folder, onProgress, onFile) =>
      captureOutcome(() =>
        afterReports(onProgress, async (report) => {
          // Loaded when wanted: few visitors export a model.
          const { exportStored } = await import('./export-model.ts')
          const target = folder ?? (async (...file: [string, Blob]) => onFile(...file))
          await exportStored(selection, target, { signal: exporting.signal, onProgress: report })
        }),
      ),
    cancelExport: async () => exporting.abort(),
  }
}
