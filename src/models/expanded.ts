// MLA over a cache of expanded keys and values: heads attend as if there were no latents.
import { type GpuMatrix, onlyPart } from '../gpu/matrix.ts'
import { expandedWrite, headLimits } from '../kernels/heads.ts'
import { HadalError } from '../lib/error.ts'
import type { Activation } from '../program/graph.ts'
import type { Cache } from './cache.ts'
import { attendHeads } from './grouped.ts'
import { type Context, cacheModule, linear, WORKGROUP } from './ops.ts'
import type { HeadSizes, LatentAttention } from './spec.ts'

/** The sizes of attention over the expanded keys and values of `kvHeads` heads. */
export const expandedSizes = (mla: LatentAttention, kvHeads: number): HeadSizes => ({
  heads: mla.heads,
  kvHeads,
  key: mla.nope + mla.rope,
  value: mla.value,
  scale: mla.scale,
})

/** Throws `unsupported` for head sizes that the kernels have no registers for. */
export function checkExpanded({ nope, rope }: LatentAttention): void {
  const width = nope + rope
  if (width <= headLimits.key) return
  throw new HadalError(
    'unsupported',
    `Keys of ${width} numbers per head cannot be cached expanded: the limit is ${headLimits.key}.`,
    { hint: 'Use the cache of latents.' },
  )
}

/** An MLA layer whose keys and values are cached for `kvHeads` heads. */
export interface ExpandedLayer {
  readonly mla: LatentAttention
  readonly kvHeads: number
  readonly kvB: GpuMatrix
  readonly cache: Cache
}

/** The rows of a step, as the projections left them. */
export interface ExpandedInput {
  readonly latents: Activation // [tokens, kvLoraRank], normalised
  readonly query: Activation // queries [tokens, heads, qkNopeDim + qkRopeDim] from column 0 on, not rotated
  readonly projected: Activation
  readonly keyOffset: number // column in `projected` of the shared rotary key
}

/**
 * heads [tokens, heads, vHeadDim] = attention over the cache.
 * The rows' own keys and values are written to the cache first.
 */
export function expandedAttention(
  context: Context,
  { mla, kvHeads, kvB, cache }: ExpandedLayer,
  { latents, query, projected, keyOffset }: ExpandedInput,
  heads: Activation,
): void {
  const { graph, mode } = context
  const { nope, rope, value } = mla
  const kept = firstRows(kvB, kvHeads * (nope + value))
  const expanded = graph.activation('expanded rows', 'f32', mode.rows, kept.rows)
  linear(context, kept, latents, expanded)
  const rotated = graph.activation('rotated query', 'f32', mode.rows, mla.heads * (nope + rope))
  graph.dispatch(expandedWrite, {
    constants: {
      HEADS: mla.heads,
      KV_HEADS: kvHeads,
      NOPE: nope,
      ROPE: rope,
      VALUE: value,
      P_STRIDE: projected.stride,
      Q_STRIDE: query.stride,
      K_OFFSET: keyOffset,
      HALF_SPLIT: mla.halfSplit,
      WORKGROUP,
    },
    imports: { cache: cacheModule(context) },
    operands: {
      projected,
      source: query,
      expanded,
      rotations: cache.rotations,
      pages: cache.pages,
      query: rotated,
      cache: cache.records,
    },
    grid: (step) => [mla.heads + 2 * kvHeads, step.tokens],
  })
  attendHeads(context, expandedSizes(mla, kvHeads), cache, rotated, heads)
}

/** The matrix without the rows after the first `rows`. */
const firstRows = (matrix: GpuMatrix, rows: number): GpuMatrix => ({
  ...matrix,
  rows,
  parts: [{ ...onlyPart(matrix), rows }],
})
