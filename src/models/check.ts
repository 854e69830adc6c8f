// Answers: can the kernels run a model of these sizes, and keep its keys and values so? It must not know how a size is limited;
// each kind of attention does.
import { HadalError } from '../lib/error.ts'
import { type CacheKind, cacheKindsOf, expandedHeads } from './cache-form.ts'
import { checkExpanded } from './expanded.ts'
import { checkGrouped } from './grouped.ts'
import { checkLatent } from './latent.ts'
import type { Attention } from './spec.ts'

/** Throws `unsupported` for sizes that the kernels have no registers for. */
export function checkAttention(attention: Attention): void {
  if (attention.kind === 'latent') checkLatent(attention)
  else checkGrouped(attention)
}

/** Throws `bad_request` for a cache that this attention does not have, `unsupported` for one that the kernels cannot read. */
export function checkCache(attention: Attention, kind: CacheKind): void {
  const kinds = cacheKindsOf(attention)
  if (!kinds.includes(kind)) {
    throw new HadalError('bad_request', `This model has no cache "${kind}".`, {
      hint: `It has: ${kinds.join(', ')}.`,
    })
  }
  if (attention.kind === 'latent' && expandedHeads(attention, kind) > 0) checkExpanded(attention)
}
