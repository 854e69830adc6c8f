// Reads the tuning results stored for an adapter, and ignores everything that this device cannot run.
import type { DeviceFacts } from '../../gpu/device.ts'
import { possibleVariants, type Variants } from '../../gpu/variants.ts'
import { isJsonObject } from '../../lib/json.ts'
import { VERSION } from '../../lib/version.ts'

/** Prefill chunks that tuning measures, the default first: maximum prompt tokens of one prefill step. */
export const PREFILL_CHUNKS = [256, 64, 128, 512] as const

export type PrefillChunk = (typeof PREFILL_CHUNKS)[number]

/** Reads the tuning results stored under a key; undefined if there are none. */
export type ReadTuned = (key: string) => Promise<unknown>

/**
 * Tuning results: the choices that were faster than the defaults. The chunk is not a kernel variant: it sets
 * how many rows a kernel gets, not which kernel runs.
 */
export interface TunedVariants extends Partial<Variants> {
  readonly prefillChunk?: PrefillChunk
}

/** Reads the tuning results of a device; none if `read` is undefined. */
export const readTunedVariants = async (
  device: DeviceFacts,
  read: ReadTuned | undefined,
): Promise<TunedVariants> => parseTunedVariants(device, await read?.(tuningKey(device)))

/** The storage key of an adapter's tuning results: everything they depend on. */
export function tuningKey({ adapter, capabilities }: DeviceFacts): string {
  const { f16, subgroups, subgroupSize, software } = capabilities
  return JSON.stringify([VERSION, adapter, f16, subgroups, subgroupSize, software])
}

/**
 * The stored choices that this device can run; all else in the file is ignored. Whether a model can use the
 * chunk is decided when it is loaded.
 */
export function parseTunedVariants(
  { capabilities }: Pick<DeviceFacts, 'capabilities'>,
  stored: unknown,
): TunedVariants {
  if (!isJsonObject(stored)) return {}
  const possible: { readonly [Name in keyof TunedVariants]-?: readonly unknown[] } = {
    ...possibleVariants(capabilities),
    prefillChunk: PREFILL_CHUNKS,
  }
  const known = Object.entries(possible).filter(([decision, values]) => values.includes(stored[decision]))
  return Object.fromEntries(known.map(([decision]) => [decision, stored[decision]]))
}
