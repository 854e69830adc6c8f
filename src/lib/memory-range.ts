// Decides whether a number of bytes fits into GPU memory whose size is often only partly known.

/**
 * Bounds of the memory a GPU may use: `surely` bytes fit for certain, more than `atMost` cannot fit.
 * Both are equal when the user stated the size.
 */
export interface MemoryRange {
  readonly guaranteedBytes: number
  readonly maxBytes: number
}

export type FitResult = boolean | 'unknown'

const GIB = 2 ** 30
/** Most browsers that have `navigator.deviceMemory` report at most this, even on larger machines. */
const CAPPED_GIB = 8

/** The memory a GPU may use: the stated size, otherwise bounds derived from `navigator.deviceMemory`. */
export function memoryRange(memoryBytes: number | undefined): MemoryRange {
  if (memoryBytes !== undefined) return { guaranteedBytes: memoryBytes, maxBytes: memoryBytes }
  const browser: object = globalThis.navigator ?? {}
  const deviceMemory = 'deviceMemory' in browser ? Number(browser.deviceMemory) : 0
  if (!(deviceMemory > 0)) return { guaranteedBytes: 0, maxBytes: Number.POSITIVE_INFINITY }
  return {
    guaranteedBytes: (deviceMemory * GIB) / 2,
    maxBytes: deviceMemory < CAPPED_GIB ? deviceMemory * GIB : Number.POSITIVE_INFINITY,
  }
}

/** 'unknown' between the two bounds. */
export function fitsIn(bytes: number, { guaranteedBytes, maxBytes }: MemoryRange): FitResult {
  if (bytes <= guaranteedBytes) return true
  return bytes > maxBytes ? false : 'unknown'
}
