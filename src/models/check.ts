// Checks that the kernels can run a model's attention sizes and its cache kind.
import { assertNever, HadalError } from '../lib/error.ts'
import { type CacheKind, cacheKindsOf, expandedHeads } from './cache-form.ts'
import { checkExpanded } from './expanded.ts'
import { checkGrouped } from './grouped.ts'
import { checkLatent } from './latent.ts'
import type { Attention } from './spec.ts'

/** Throws `unsupported` for sizes that the kernels have no registers for. */
export function checkAttention(attention: Attention): void {
  switch (attention.kind) {
    case 'latent':
      checkLatent(attention)
      break
    case 'grouped':
      checkGrouped(attention)
      break
    default:
      assertNever(attention, 'attention kind')
  }
}

/**
 * Throws `bad_request` for a cache kind that this attention does not have.
 * Throws `unsupported` for one that the kernels cannot read.
 */
export function checkCache(attention: Attention, kind: CacheKind): void {
  const kinds = cacheKindsOf(attention)
  if (!kinds.includes(kind)) {
    throw new HadalError('bad_request', `This model has no cache "${kind}".`, {
      hint: `It has: ${kinds.join(', ')}.`,
    })
  }
  switch (attention.kind) {
    case 'latent':
      if (expandedHeads(attention, kind) > 0) checkExpanded(attention)
      break
    case 'grouped':
      break
    default:
      assertNever(attention, 'attention kind')
  }
}
