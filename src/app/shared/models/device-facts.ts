// What is known of this device before a model is chosen: memory, disk space, and how fast it downloads.
import { signal } from '@preact/signals'
import { type MemoryRange, memoryRange } from '../../../lib/memory-range.ts'
import { browserStorage, type StorageGetter, tryOrUndefined } from '../storage.ts'

/** GPU memory that a model may use, as plans assume it. */
export const deviceMemory = (): MemoryRange => memoryRange(undefined)

/** Bytes that this page may still store, and that it has stored; undefined if the browser does not tell. */
export const storageSpace = signal<{ readonly left: number; readonly used: number } | undefined>(undefined)

export async function refreshSpace(): Promise<void> {
  const { quota, usage } = await (navigator.storage?.estimate() ?? Promise.resolve(undefined)).catch(
    () => ({}) as StorageEstimate,
  )
  storageSpace.value =
    quota === undefined || usage === undefined ? undefined : { left: Math.max(0, quota - usage), used: usage }
}

const SPEED_KEY = 'hadal.speed.1'

/** Bytes per second of earlier downloads; undefined before the first. */
export function downloadSpeed(getStorage: StorageGetter = browserStorage): number | undefined {
  const speed = Number(tryOrUndefined(() => getStorage().getItem(SPEED_KEY)))
  return speed > 0 && Number.isFinite(speed) ? speed : undefined
}

/** Adds the speed of a download, which counts as much as all before. */
export function noteSpeed(bytesPerSecond: number, getStorage: StorageGetter = browserStorage): void {
  if (!(bytesPerSecond > 0)) return
  const before = downloadSpeed(getStorage) ?? bytesPerSecond
  tryOrUndefined(() => getStorage().setItem(SPEED_KEY, String(Math.round((before + bytesPerSecond) / 2))))
}
