// Buffers that attention uses besides activations: a layer's KV pages, the page table, the rotary table.
import type { Variants } from '../gpu/variants.ts'
import { chooseGqaTiles } from '../kernels/gqa.ts'
import { MLA_HEAD_TILE } from '../kernels/mla.ts'
import { assertNever } from '../lib/error.ts'
import type { Resource } from '../program/graph.ts'
import { type CacheKind, expandedKvHeads } from './cache-layout.ts'
import type { Attention } from './spec.ts'

export interface LayerCache {
  readonly kvPages: Resource // this layer's KV pages: [rows, KV entry]
  readonly pageTable: Resource // the session's page table
  readonly rotaryTable: Resource // the rotary table
}

/**
 * How often a decode step reads each KV entry: once per tile of heads that a workgroup serves. Software
 * adapters read latents a second time for the weighted sum, from the CPU's cache; that is not counted.
 */
export function cacheReadsPerStep(attention: Attention, kind: CacheKind, variants: Variants): number {
  switch (attention.kind) {
    case 'grouped': {
      const { heads, kvHeads } = attention
      return chooseGqaTiles(heads / kvHeads, attention.qkHeadDim, variants).workgroupsPerGroup
    }
    case 'latent': {
      const { heads, qkNopeDim, qkRopeDim } = attention
      const kvHeads = expandedKvHeads(attention, kind)
      return kvHeads === 0
        ? Math.ceil(heads / MLA_HEAD_TILE)
        : chooseGqaTiles(heads / kvHeads, qkNopeDim + qkRopeDim, variants).workgroupsPerGroup
    }
    default:
      return assertNever(attention, 'attention kind')
  }
}
