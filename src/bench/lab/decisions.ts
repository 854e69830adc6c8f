// Lists the variant decisions that a kernel depends on, from the import slots of its contract.
import type { Kernel } from '../../gpu/kernel.ts'
import type { Decision } from '../../gpu/variants.ts'

const DECISION_OF_SLOT: Readonly<Record<string, Decision>> = {
  rowTiling: 'matvec',
  tile: 'matmul',
  mlaTile: 'attention',
  gqaTile: 'attention',
  prefillTile: 'attention',
  reduce: 'reduce',
  banks: 'banks',
}

const DECODERS: readonly Decision[] = ['fp8_block', 'q8', 'q4']

/**
 * The decoder variants of a weight format, and one bank per dispatch, exist only for decode matvecs
 * (models/ops.ts, models/moe.ts).
 */
export function decisionsOf({ slots }: Kernel): readonly Decision[] {
  const isMatvec = slots.includes('rowTiling')
  return slots.flatMap((slot) => {
    if (slot === 'weights') return isMatvec ? DECODERS : []
    const decision = DECISION_OF_SLOT[slot]
    return decision === undefined || (decision === 'banks' && !isMatvec) ? [] : [decision]
  })
}
