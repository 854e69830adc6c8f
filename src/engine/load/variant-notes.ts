// Describes which kernel variants run on a device, and why: by default, by tuning or after a failed check.
import type { DeviceFacts } from '../../gpu/device.ts'
import { type Decision, explainVariants, type Variants } from '../../gpu/variants.ts'
import type { FailedVariant } from '../check/self-test.ts'
import type { VariantNote } from '../types.ts'

/** The same device with other kernel variants. */
export const withVariants = <D extends DeviceFacts>(device: D, variants: Partial<Variants>): D => ({
  ...device,
  capabilities: { ...device.capabilities, variants: { ...device.capabilities.variants, ...variants } },
})

/** The reason of a tuned variant. */
export const MEASURED_REASON = 'The fastest when measured on this device.'

/**
 * The variant of each decision with its reason.
 * @param tuned the stored tuning results
 */
export function variantNotes(
  { capabilities }: DeviceFacts,
  tuned: Partial<Variants>,
  failed: readonly FailedVariant[],
): VariantNote[] {
  const defaults = explainVariants(capabilities)
  return (Object.keys(defaults) as Decision[]).map((decision) => {
    const failure = failed.find((candidate) => candidate.decision === decision)
    const why = failure
      ? `The driver miscalculates ${failure.kernel} with ${failure.variant}.`
      : decision in tuned
        ? MEASURED_REASON
        : defaults[decision].why
    return { decision, variant: String(capabilities.variants[decision]), why }
  })
}

/** Sentences for the user about the variants that failed their check. */
export const failureNotices = (failed: readonly FailedVariant[]): string[] =>
  failed.map(
    ({ decision, variant, kernel }) =>
      `Your graphics driver miscalculates ${kernel} with ${decision} ${variant}. ` +
      'Hadal uses a slower variant; answers are unaffected. A newer driver may fix this.',
  )
