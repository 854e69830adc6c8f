// Lists the variant decisions that a kernel depends on, from its import slots.
import { DECODED_FORMATS } from '../../gpu/formats.ts'
import type { Decision } from '../../gpu/variants.ts'

/** In the order in which they are shown. */
const DECISION_OF_SLOT: Readonly<Record<string, Decision>> = {
  banks: 'banks',
  rowTiling: 'matvec',
  tile: 'matmul',
  mlaTile: 'attention',
  gqaTile: 'attention',
  prefillTile: 'attention',
  reduce: 'reduce',
}

/**
 * The decoder variants of a weight format, and one bank per dispatch, exist only for decode matvecs
 * (models/ops.ts, models/moe.ts).
 */
export function decisionsOf(slots: readonly string[]): readonly Decision[] {
  const isMatvec = slots.includes('rowTiling')
  const decisions = Object.entries(DECISION_OF_SLOT)
    .filter(([slot]) => slots.includes(slot) && (isMatvec || slot !== 'banks'))
    .map(([, decision]) => decision)
  return isMatvec ? [...DECODED_FORMATS, ...decisions] : decisions
}
