// Buffers that attention uses besides activations: a layer's KV pages, the page table, the rotary table.
import type { Variants } from '../gpu/variants.ts'
import { latentHeadTile } from '../kernels/attention.ts'
import { chooseHeadTiles } from '../kernels/heads.ts'
import { assertNever } from '../lib/error.ts'
import type { Resource } from '../program/graph.ts'
import { type CacheKind, expandedHeads } from './cache-form.ts'
import type { Attention } from './spec.ts'

export interface Cache {
  readonly records: Resource // this layer's KV pages: [rows, KV entry]
  readonly pages: Resource // the session's page table
  readonly rotations: Resource // the rotary table
}

/** Splits of the context in decode (flash decoding): enough to fill a GPU, few enough to combine quickly. */
export const SPLITS = 32

/**
 * How often a decode step reads each KV entry: once per tile of heads that a workgroup serves. Software
 * adapters read latents a second time for the weighted sum, from the CPU's cache; that is not counted.
 */
export function readsPerStep(attention: Attention, kind: CacheKind, variants: Variants): number {
  switch (attention.kind) {
    case 'grouped': {
      const { heads, kvHeads } = attention
      return chooseHeadTiles(heads / kvHeads, attention.key, variants).count
    }
    case 'latent': {
      const { heads, nope, rope } = attention
      const kvHeads = expandedHeads(attention, kind)
      return kvHeads === 0
        ? Math.ceil(heads / latentHeadTile)
        : chooseHeadTiles(heads / kvHeads, nope + rope, variants).count
    }
    default:
      return assertNever(attention, 'attention kind')
  }
}
