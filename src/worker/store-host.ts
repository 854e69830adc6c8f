// The worker's calls for stored models: list, remove, export.
import { planUnlimited } from '../engine/load/plan.ts'
import { progressReporter } from '../engine/load/progress.ts'
import { openConfigured } from '../engine/load/user-config.ts'
import { notStored, openStore } from '../store/store.ts'
import { captureOutcome } from './outcome.ts'
import { afterReports } from './progress-order.ts'
import type { RemoteStore } from './protocol.ts'

/** The store's side of the protocol. */
export function storeHost(): RemoteStore {
  const exporting = new AbortController()
  return {
    storedModels: () => captureOutcome(async () => (await openStore()).list()),
    removeStored: (key) => captureOutcome(async () => (await openStore()).remove(key)),
    exportStored: (key, folder, onProgress, onFile) =>
      captureOutcome(() =>
        afterReports(onProgress, async (send) => {
          const report = progressReporter(send)
          const { signal } = exporting
          const { source, packed } = await openExport(key, signal)
          try {
            // Loaded when wanted: few visitors export a model.
            const { exportModel } = await import('./export-model.ts')
            await exportModel({ source, packed }, folder ?? (async (...file) => onFile(...file)), {
              signal,
              onProgress: (moved) => report('download', moved),
            })
          } finally {
            await source.close()
          }
        }),
      ),
    cancelExport: () => exporting.abort(),
  }
}

/** A stored model, and its weights if they are packed. Throws `not_found`. */
async function openExport(key: string, signal: AbortSignal) {
  const store = await openStore()
  const { kind } = (await store.list()).find((model) => model.key === key) ?? {}
  const source = await store.open(key)
  if (!source) throw notStored(key)
  if (kind !== 'packed') return { source, packed: undefined }
  return { source, packed: planUnlimited(await openConfigured(source, { signal })) }
}
