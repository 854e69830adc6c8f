// Checks that the kernels can run a model's attention sizes and its cache kind.
import { assertNever, HadalError } from '../lib/error.ts'
import { type CacheKind, cacheKindsOf, expandedKvHeads } from './cache-layout.ts'
import { checkGqa } from './gqa.ts'
import { checkMla } from './mla.ts'
import { checkExpanded } from './mla-expanded.ts'
import type { Attention } from './spec.ts'

/** Throws `unsupported` for sizes that the kernels have no registers for. */
export function checkAttention(attention: Attention): void {
  switch (attention.kind) {
    case 'latent':
      checkMla(attention)
      break
    case 'grouped':
      checkGqa(attention)
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
      if (expandedKvHeads(attention, kind) > 0) checkExpanded(attention)
      break
    case 'grouped':
      break
    default:
      assertNever(attention, 'attention kind')
  }
}
