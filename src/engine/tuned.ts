// Answers: what may tuning have stored for an adapter, under which name, and how much of it is believed? Whatever is no winner is left out.
// It must not know how winners are found, nor where they are kept.
import type { DeviceFacts } from '../gpu/device.ts'
import { possibleVariants, type Variants } from '../gpu/variants.ts'
import { isRecord } from '../lib/record.ts'
import { VERSION } from '../lib/version.ts'

/** Chunks that tuning measures, the default first: most prompt tokens of one prefill step. */
export const CHUNKS = [256, 64, 128, 512] as const

export type Chunk = (typeof CHUNKS)[number]

/** Reads what tuning has stored for an adapter; undefined where it has stored nothing. */
export type ReadTuned = (key: string) => Promise<unknown>

/** What is stored: what was found quicker than the defaults. A chunk is no variant: it decides how many rows a kernel gets, not which one runs. */
export interface Winners extends Partial<Variants> {
  readonly chunk?: Chunk
}

/** The winners that are stored for a device. @param read what reads them; undefined: none are taken */
export const readWinners = async (device: DeviceFacts, read: ReadTuned | undefined): Promise<Winners> =>
  tunedWinners(device, await read?.(tuningKey(device)))

/** Under which name an adapter's winners are stored: what they depend on. */
export function tuningKey({ adapter, capabilities }: DeviceFacts): string {
  const { f16, subgroups, subgroupSize, software } = capabilities
  return JSON.stringify([VERSION, adapter, f16, subgroups, subgroupSize, software])
}

/**
 * Stored winners that this device can run. Whatever else is there, under whatever name, is left out. Whether a chunk fits a model is seen when that
 * is loaded.
 */
export function tunedWinners({ capabilities }: Pick<DeviceFacts, 'capabilities'>, stored: unknown): Winners {
  if (!isRecord(stored)) return {}
  const all = Object.entries({ ...possibleVariants(capabilities), chunk: CHUNKS })
  const known = all.filter(([decision, values]) => (values as readonly unknown[]).includes(stored[decision]))
  return Object.fromEntries(known.map(([decision]) => [decision, stored[decision]]))
}
