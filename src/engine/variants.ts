// Answers: which variants of the kernels does a model run with, and why? The defaults, what tuning found quicker, the plain ones where the device
// computes wrongly. It must not know how that is found out.
import type { DeviceFacts } from '../gpu/device.ts'
import { type Decision, explainVariants, possibleVariants, type Variants } from '../gpu/variants.ts'
import { isRecord } from '../lib/record.ts'
import { VERSION } from '../lib/version.ts'
import type { Fallen } from './self-test.ts'
import type { VariantNote } from './types.ts'

/** Reads what tuning has stored for an adapter; undefined where it has stored nothing. */
export type ReadTuned = (key: string) => Promise<unknown>

/** Under which name an adapter's winners are stored: what they depend on. */
export function tuningKey({ adapter, capabilities }: DeviceFacts): string {
  const { f16, subgroups, subgroupSize, software } = capabilities
  return JSON.stringify([VERSION, adapter, f16, subgroups, subgroupSize, software])
}

/** Stored winners that this device can run. Whatever else is there, under whatever name, is left out. */
export function tunedVariants(
  { capabilities }: Pick<DeviceFacts, 'capabilities'>,
  stored: unknown,
): Partial<Variants> {
  if (!isRecord(stored)) return {}
  const known = Object.entries(possibleVariants(capabilities)).filter(([decision, variants]) =>
    (variants as readonly unknown[]).includes(stored[decision]),
  )
  return Object.fromEntries(known.map(([decision]) => [decision, stored[decision]]))
}

/** The same device, on which kernels are chosen so. */
export const withVariants = <D extends DeviceFacts>(device: D, variants: Partial<Variants>): D => ({
  ...device,
  capabilities: { ...device.capabilities, variants: { ...device.capabilities.variants, ...variants } },
})

/** What a device runs, decision by decision. @param tuned what its stored winners are */
export function variantNotes(
  { capabilities }: DeviceFacts,
  tuned: Partial<Variants>,
  fallen: readonly Fallen[],
): VariantNote[] {
  const defaults = explainVariants(capabilities)
  return (Object.keys(defaults) as Decision[]).map((decision) => {
    const wrong = fallen.find((each) => each.decision === decision)
    const why = wrong
      ? `The driver computes ${wrong.kernel} wrongly with ${wrong.variant}.`
      : decision in tuned
        ? 'The quickest when it was measured here.'
        : defaults[decision].why
    return { decision, variant: String(capabilities.variants[decision]), why }
  })
}

/** What people should know of it. */
export const noticesOf = (fallen: readonly Fallen[]): string[] =>
  fallen.map(
    ({ decision, variant, kernel }) =>
      `This graphics driver computes ${kernel} wrongly with ${decision} ${variant}. Answers are right, with the plain variant; a newer driver may be quicker.`,
  )
