// The worker's calls for stored models: download, list, remove, export.
import { openStore } from '../store/store.ts'
import { openModelSource } from './model-source.ts'
import { captureOutcome } from './outcome.ts'
import { afterReports } from './progress-order.ts'
import type { RemoteStore } from './protocol.ts'
import { select } from './select-stored.ts'

/** The store's side of the protocol. */
export function storeHost(): RemoteStore {
  const cancelling = new AbortController()
  const { signal } = cancelling
  return {
    downloadModel: (request, onProgress) =>
      captureOutcome(() =>
        afterReports(onProgress, async (report) => {
          let fraction = 0
          const { close } = await openModelSource(
            { ...request, keep: 'files' },
            {
              signal,
              onProgress(progress) {
                const { phase, bytes, totalBytes } = progress
                // Other phases count the bytes of one file.
                if (phase === 'download' && totalBytes > 0) fraction = bytes / totalBytes
                report({ ...progress, fraction })
              },
            },
          )
          await close()
        }),
      ),
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
          await exportStored(selection, target, { signal, onProgress: report })
        }),
      ),
    cancelStoreTask: async () => cancelling.abort(),
  }
}
