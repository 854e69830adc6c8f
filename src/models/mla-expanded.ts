// MLA over a cache of expanded keys and values: heads attend as if there were no latents.
import { type GpuMatrix, unsplitPart } from '../gpu/matrix.ts'
import { MAX_HEAD_SIZES, mlaWriteExpanded } from '../kernels/gqa.ts'
import { HadalError } from '../lib/error.ts'
import type { Activation } from '../program/graph.ts'
import { gqaAttend } from './gqa.ts'
import type { LayerCache } from './layer-cache.ts'
import { cacheModule, linear, type OpContext, pageModules, WORKGROUP } from './ops.ts'
import type { HeadSizes, MlaAttention } from './spec.ts'

/** The sizes of attention over the expanded keys and values of `kvHeads` heads. */
export const expandedSizes = (mla: MlaAttention, kvHeads: number): HeadSizes => ({
  heads: mla.heads,
  kvHeads,
  qkHeadDim: mla.qkNopeDim + mla.qkRopeDim,
  vHeadDim: mla.vHeadDim,
  softmaxScale: mla.softmaxScale,
})

/** Throws `unsupported` for head sizes that the kernels have no registers for. */
export function checkExpanded({ qkNopeDim, qkRopeDim }: MlaAttention): void {
  const width = qkNopeDim + qkRopeDim
  if (width <= MAX_HEAD_SIZES.key) return
  throw new HadalError(
    'unsupported',
    `Keys of ${width} numbers per head cannot be cached expanded: the limit is ${MAX_HEAD_SIZES.key}.`,
    { hint: 'Use the cache of latents.' },
  )
}

/** An MLA layer whose keys and values are cached for `kvHeads` heads. */
export interface ExpandedLayer {
  readonly mla: MlaAttention
  readonly kvHeads: number
  readonly kvB: GpuMatrix
  readonly cache: LayerCache
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
export function expandedMlaAttention(
  context: OpContext,
  { mla, kvHeads, kvB, cache }: ExpandedLayer,
  { latents, query, projected, keyOffset }: ExpandedInput,
  heads: Activation,
): void {
  const { graph, mode } = context
  const { qkNopeDim, qkRopeDim, vHeadDim } = mla
  const kept = firstRows(kvB, kvHeads * (qkNopeDim + vHeadDim))
  const expanded = graph.activation('expanded rows', [mode.rows, kept.rows])
  linear(context, { matrix: kept }, latents, expanded)
  const rotated = graph.activation('rotated query', [mode.rows, mla.heads * (qkNopeDim + qkRopeDim)])
  graph.dispatch(mlaWriteExpanded, {
    constants: {
      HEADS: mla.heads,
      KV_HEADS: kvHeads,
      NOPE: qkNopeDim,
      ROPE: qkRopeDim,
      VALUE: vHeadDim,
      PROJECTED_STRIDE: projected.stride,
      Q_STRIDE: query.stride,
      K_OFFSET: keyOffset,
      ROPE_INTERLEAVED: mla.ropeInterleaved,
      WORKGROUP,
    },
    imports: { ...pageModules(context), cache: cacheModule(context) },
    operands: {
      projected,
      source: query,
      expanded,
      rotations: cache.rotaryTable,
      pages: cache.pageTable,
      query: rotated,
      cache: cache.kvPages,
    },
    grid: (step) => [mla.heads + 2 * kvHeads, step.tokens],
  })
  gqaAttend(context, expandedSizes(mla, kvHeads), cache, { query: rotated, output: heads })
}

/** The matrix without the rows after the first `rows`. */
const firstRows = (matrix: GpuMatrix, rows: number): GpuMatrix => ({
  ...matrix,
  rows,
  parts: [{ ...unsplitPart(matrix), rows }],
})
