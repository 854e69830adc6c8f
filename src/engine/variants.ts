// Answers: which variants of the kernels does a model run with, and why? The defaults, what tuning found quicker, the plain ones where the device
// computes wrongly. It must not know how that is found out.
import type { DeviceFacts } from '../gpu/device.ts'
import { type Decision, explainVariants, type Variants } from '../gpu/variants.ts'
import type { Fallen } from './self-test.ts'
import type { VariantNote } from './types.ts'

/** The same device, on which kernels are chosen so. */
export const withVariants = <D extends DeviceFacts>(device: D, variants: Partial<Variants>): D => ({
  ...device,
  capabilities: { ...device.capabilities, variants: { ...device.capabilities.variants, ...variants } },
})

/** Why a winner of tuning was chosen. */
export const MEASURED = 'The quickest when it was measured here.'

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
        ? MEASURED
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
