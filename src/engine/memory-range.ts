// Answers: does a number of bytes fit into memory of which little is known? It must not know what the bytes are for.

/** Bytes that fit for sure, and bytes above which nothing fits. Equal where somebody has said how much there is. */
export interface MemoryRange {
  readonly surely: number
  readonly atMost: number
}

export type Fits = boolean | 'unknown'

const GIB = 2 ** 30
/** `navigator.deviceMemory` stops counting here in most browsers that have it. */
const CAPPED_GIB = 8

/** What is known of the memory that a GPU may use: what was said, else what the browser tells of the machine. */
export function memoryRange(memoryBytes: number | undefined): MemoryRange {
  if (memoryBytes !== undefined) return { surely: memoryBytes, atMost: memoryBytes }
  const machine: object = globalThis.navigator ?? {}
  const deviceMemory = 'deviceMemory' in machine ? Number(machine.deviceMemory) : 0
  if (!(deviceMemory > 0)) return { surely: 0, atMost: Number.POSITIVE_INFINITY }
  return {
    surely: (deviceMemory * GIB) / 2,
    atMost: deviceMemory < CAPPED_GIB ? deviceMemory * GIB : Number.POSITIVE_INFINITY,
  }
}

export function fitsIn(bytes: number, { surely, atMost }: MemoryRange): Fits {
  if (bytes <= surely) return true
  return bytes > atMost ? false : 'unknown'
}
