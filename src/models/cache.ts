// Answers: what does attention of any kind read and write beside the step's own activations, and how often? It must not know what a record holds.
import type { Variants } from '../gpu/variants.ts'
import { latentHeadTile } from '../kernels/attention.ts'
import { chooseHeadTiles } from '../kernels/heads.ts'
import type { Resource } from '../program/graph.ts'
import { type CacheKind, expandedHeads } from './cache-form.ts'
import type { Attention } from './spec.ts'

export interface Cache {
  readonly records: Resource // this layer's pages: [rows, numbers kept per token]
  readonly pages: Resource // the session's page table
  readonly rotations: Resource
}

/** Splits of the context in decode: enough to keep a GPU busy, few enough to merge quickly. */
export const SPLITS = 32

/**
 * How often a decode step goes over the records of the cache: once for each tile of heads that a workgroup serves from them. (Where a CPU plays the
 * GPU, latents are read again for their sums, out of the CPU's cache.)
 */
export function readsPerStep(attention: Attention, kind: CacheKind, variants: Variants): number {
  if (attention.kind === 'grouped')
    return chooseHeadTiles(attention.heads / attention.kvHeads, attention.key, variants).count
  const { heads, nope, rope } = attention
  const kept = expandedHeads(attention, kind)
  return kept === 0
    ? Math.ceil(heads / latentHeadTile)
    : chooseHeadTiles(heads / kept, nope + rope, variants).count
}
