// Answers: which dispatches is latent attention whose keys and values are kept expanded, head by head, as if there were no latents?
// It must not know how latents are normalised, nor how heads attend.
import { type GpuMatrix, onlyPart } from '../gpu/matrix.ts'
import { expandedWrite, headLimits } from '../kernels/heads.ts'
import { HadalError } from '../lib/error.ts'
import type { Activation } from '../program/graph.ts'
import type { Cache } from './cache.ts'
import { attendHeads, type HeadSizes } from './grouped.ts'
import { type Context, cacheModule, linear, WORKGROUP } from './ops.ts'
import type { LatentAttention } from './spec.ts'

/** What attention over the expanded keys and values of `kvHeads` heads looks like. */
export const expandedSizes = (mla: LatentAttention, kvHeads: number): HeadSizes => ({
  heads: mla.heads,
  kvHeads,
  key: mla.nope + mla.rope,
  value: mla.value,
  scale: mla.scale,
})

/** Throws `unsupported` for head sizes that the kernels have no registers for. */
export function checkExpanded({ nope, rope }: LatentAttention): void {
  if (nope + rope <= headLimits.key) return
  throw new HadalError(
    'unsupported',
    `Keys of ${nope + rope} numbers a head cannot be kept expanded: at most ${headLimits.key} can.`,
    { hint: 'Keep the latents.' },
  )
}

/** What the latents have left of the rows of a step. */
export interface LatentRows {
  readonly latents: Activation // [tokens, latent], normalised
  readonly query: Activation // queries [tokens, heads, nope + rope] from column 0 on, not rotated
  readonly projected: Activation
  readonly keyOffset: number // where in `projected` the shared key begins
}

/** heads [tokens, heads, value] = attention over the cache, after the rows' own keys and values have gone there. */
export function expandedAttention(
  context: Context,
  mla: LatentAttention,
  kvHeads: number,
  expand: GpuMatrix,
  cache: Cache,
  { latents, query, projected, keyOffset }: LatentRows,
  heads: Activation,
): void {
  const { graph, mode } = context
  const { nope, rope, value } = mla
  const kept = firstRows(expand, kvHeads * (nope + value))
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

/** The same matrix, cut off after so many rows. */
const firstRows = (matrix: GpuMatrix, rows: number): GpuMatrix => ({
  ...matrix,
  rows,
  parts: [{ ...onlyPart(matrix), rows }],
})
