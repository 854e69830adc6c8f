// The worker's calls for stored models: download, list, remove, export.
import { openStore } from '../store/store.ts'
import { captureOutcome } from './outcome.ts'
import { afterReports } from './progress-order.ts'
import type { RemoteStore } from './protocol.ts'

/** The store's side of the protocol. */
export function storeHost(): RemoteStore {
  const cancelling = new AbortController()
  const { signal } = cancelling
  return {
    downloadModel: (request, onProgress) =>
      captureOutcome(() =>
        afterReports(onProgress, async (report) => {
          const { downloadModel } = await import('./download-model.ts')
          await downloadModel(request, { signal, onProgress: report })
        }),
      ),
    storedModels: () => captureOutcome(async () => (await openStore()).list()),
    removeStored: (selection) =>
      captureOutcome(async () => (await import('./remove-stored.ts')).removeStored(selection)),
    exportStored: (selection, folder, onProgress, onFile) =>
      captureOutcome(() =>
        afterReports(onProgress, async (report) => {
          // Loaded when wanted: few visitors export a model.
          const { exportStored } = await import('./export-model.ts')
          const target = folder ?? (async (...file: [string, Blob]) => onFile(...file))
          await exportStored(selection, target, { signal, onProgress: report })
        }),
      ),
    cancelStoreTask: async () => cancelling.abort(),
  }
}
