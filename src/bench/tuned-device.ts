// Answers: which variants does a model get on this device, with what is stored for its adapter, and why? It must not know where that is stored.
import { type ReadTuned, readWinners, type Winners } from '../engine/tuned.ts'
import { MEASURED, withVariants } from '../engine/variants.ts'
import type { Device } from '../gpu/device.ts'
import { type Choice, type Decision, explainVariants, type Variants } from '../gpu/variants.ts'

export interface TunedDevice {
  readonly device: Device
  readonly tuned: Winners
  readonly chosen: { readonly [D in Decision]: Choice<Variants[D]> }
}

/** @param read what is stored; undefined: the defaults */
export async function tunedDevice(opened: Device, read: ReadTuned | undefined): Promise<TunedDevice> {
  const tuned = await readWinners(opened, read)
  const { chunk, ...variants } = tuned
  const found = Object.entries(variants).map(([decision, variant]) => [decision, { variant, why: MEASURED }])
  const chosen = { ...explainVariants(opened.capabilities), ...Object.fromEntries(found) }
  return { device: withVariants(opened, variants), tuned, chosen }
}
