// Stores the files of a model without loading it.
import { openModelSource } from './model-source.ts'
import type { LoadProgress, WorkerLoadRequest } from './protocol.ts'

/** Resolves when all files are stored. Aborted, it keeps the bytes, and the next call goes on after them. */
export async function downloadModel(
  request: WorkerLoadRequest,
  { signal, onProgress }: { signal: AbortSignal; onProgress(progress: LoadProgress): void },
): Promise<void> {
  let fraction = 0
  const { close } = await openModelSource(
    { ...request, keep: 'files' },
    {
      signal,
      onProgress(progress) {
        const { phase, bytes, totalBytes } = progress
        // Other phases count the bytes of one file.
        if (phase === 'download' && totalBytes > 0) fraction = bytes / totalBytes
        onProgress({ ...progress, fraction })
      },
    },
  )
  await close()
}
