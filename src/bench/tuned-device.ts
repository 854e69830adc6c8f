// Applies the stored tuning of an adapter to a device, and gives the reason for each chosen variant.
import { type ReadTuned, readWinners, type Winners } from '../engine/tuned.ts'
import { MEASURED, withVariants } from '../engine/variants.ts'
import type { Device } from '../gpu/device.ts'
import { type Choice, type Decision, explainVariants, type Variants } from '../gpu/variants.ts'

export interface TunedDevice {
  readonly device: Device
  readonly tuned: Winners
  readonly chosen: { readonly [D in Decision]: Choice<Variants[D]> }
}

/** @param read reads the stored tuning; undefined: the defaults */
export async function tunedDevice(opened: Device, read: ReadTuned | undefined): Promise<TunedDevice> {
  const tuned = await readWinners(opened, read)
  const { chunk, ...variants } = tuned
  const found = Object.entries(variants).map(([decision, variant]) => [decision, { variant, why: MEASURED }])
  const chosen = { ...explainVariants(opened.capabilities), ...Object.fromEntries(found) }
  return { device: withVariants(opened, variants), tuned, chosen }
}
