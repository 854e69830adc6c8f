// Applies the stored tuning of an adapter to a device, and gives the reason for each chosen variant.
import { type ReadTuned, readTunedVariants, type TunedVariants } from '../engine/load/tuned-variants.ts'
import { MEASURED_REASON, withVariants } from '../engine/load/variant-notes.ts'
import type { Device } from '../gpu/device.ts'
import { type Decision, explainVariants, type VariantChoice, type Variants } from '../gpu/variants.ts'

export interface TunedDevice {
  readonly device: Device
  readonly tuned: TunedVariants
  readonly chosen: { readonly [D in Decision]: VariantChoice<Variants[D]> }
}

/** @param read reads the stored tuning; undefined: the defaults */
export async function tunedDevice(opened: Device, read: ReadTuned | undefined): Promise<TunedDevice> {
  const tuned = await readTunedVariants(opened, read)
  const { prefillChunk, ...variants } = tuned
  const found = Object.entries(variants).map(([decision, variant]) => [
    decision,
    { variant, why: MEASURED_REASON },
  ])
  const chosen = { ...explainVariants(opened.capabilities), ...Object.fromEntries(found) }
  return { device: withVariants(opened, variants), tuned, chosen }
}
