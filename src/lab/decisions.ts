// Answers: which choices of variants does a kernel depend on? Told by the slots of its contract.
// It must not know which variant a device gets.
import type { Kernel } from '../gpu/kernel.ts'
import type { Decision } from '../gpu/variants.ts'

const BY_SLOT: Readonly<Record<string, Decision>> = {
  share: 'rows',
  products: 'products',
  attend: 'attention',
  members: 'attention',
  prefill: 'attention',
  reduce: 'reduce',
  banks: 'banks',
}

const READINGS: readonly Decision[] = ['fp8_block', 'q8', 'q4']

/** The second modules for a format, and one bank at a time, are for products of decode alone (models/ops.ts, models/mixture.ts). */
export function decisionsOf({ slots }: Kernel): readonly Decision[] {
  const shared = slots.includes('share')
  return slots.flatMap((slot) => {
    if (slot === 'weights') return shared ? READINGS : []
    const decision = BY_SLOT[slot]
    return decision === undefined || (decision === 'banks' && !shared) ? [] : [decision]
  })
}
