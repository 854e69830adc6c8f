// Answers: what do the cases of attention share? The splits of decode; of latents also the dispatches as a model records them, and the matrix that expands them.
// It must not know which kernel is measured.
import { splitOf } from '../../engine/runtime.ts'
import { CHUNK, type GpuMatrix, type GpuVector, padTo } from '../../gpu/matrix.ts'
import { SPLITS } from '../../models/cache.ts'
import { latentAttention } from '../../models/latent.ts'
import type { LatentTensors } from '../../models/tensors.ts'
import type { Dispatch } from '../../program/graph.ts'
import { type CaseMaker, record, type Setting, unmeasured } from './case.ts'
import { drawMatrix, readRows, type StoredMatrix } from './stored.ts'

/** Queries are this much larger than drawn numbers: records are small, and weights of a softmax should differ. */
export const SHARP = 32

/** What a layer's attention records, with where queries (from column 0 on) and latents lie in the projected rows. */
export function attentionOf(
  setting: Setting,
  mode: CaseMaker['mode'],
): { readonly dispatches: readonly Dispatch[]; readonly stride: number; readonly latentAt: number } {
  const { room, format, tokens, widths } = setting
  const { attention, spec } = widths
  const { heads, nope, rope, value, latent } = attention
  const none = room.empty(16)
  const project = unmeasured(format, [heads * (nope + rope), latent + rope], spec.hidden, none)
  const tensors: LatentTensors<GpuMatrix, GpuVector> = {
    kind: 'latent',
    norm: { buffer: none.buffer, length: spec.hidden },
    project,
    queryNorm: undefined,
    query: undefined,
    latentNorm: { buffer: none.buffer, length: latent },
    expand: unmeasured(format, [heads * (nope + value)], latent, none),
    output: unmeasured(format, [spec.hidden], heads * value, none),
  }
  const cache = { records: none, pages: none, rotations: none }
  const dispatches = record(setting, mode, (context) => {
    const x = context.graph.activation('x', 'f32', tokens, spec.hidden)
    latentAttention(context, spec, attention, tensors, cache, x)
  })
  return { dispatches, stride: padTo(project.rows, CHUNK), latentAt: project.starts[1] ?? 0 }
}

/** kv_b: [heads · (nope + value), latent]. */
export function drawExpand({ format, widths }: Setting): StoredMatrix & { values(): Float64Array } {
  const { heads, nope, value, latent } = widths.attention
  const stored = drawMatrix(format, [heads * (nope + value)], latent, 11)
  return { ...stored, values: () => readRows(stored, 0, stored.layout.rows) }
}

/** The splits that a context takes in decode, and which rows of `width` numbers of the partial results are in use. */
export function splitsOf({ context, tokens }: Setting, heads: number, width: number) {
  const split = splitOf(context)
  const splits = Math.ceil(context / split)
  const rows = Array.from(
    { length: tokens * heads * splits },
    (_, i) => Math.floor(i / splits) * SPLITS + (i % splits),
  )
  return { split, splits, rows, words: tokens * heads * SPLITS * width }
}
