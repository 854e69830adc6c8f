// Answers: what do the cases of attention share? Attention of decode to a cache, and its splits; of latents also the dispatches as a model records them, and the
// matrix that expands them. It must not know which kernel is measured.
import { splitOf } from '../../engine/runtime.ts'
import { CHUNK, type GpuMatrix, type GpuVector, padTo } from '../../gpu/matrix.ts'
import { drawNumbers } from '../../lib/draw.ts'
import { SPLITS } from '../../models/cache.ts'
import { latentAttention } from '../../models/latent.ts'
import type { LatentTensors } from '../../models/tensors.ts'
import type { Dispatch } from '../../program/graph.ts'
import {
  type Case,
  type CaseMaker,
  record,
  roundOver,
  type Setting,
  select,
  TOLERANCE,
  takeRows,
  unmeasured,
} from './case.ts'
import { drawPaged } from './paged.ts'
import { drawMatrix, readRows, type StoredMatrix } from './stored.ts'

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

/** A kernel of decode that attends to the records of a context. */
export interface Attending {
  readonly kernel: string
  readonly input: string // the operand with its queries
  readonly heads: number
  readonly query: number // numbers of a query
  readonly record: number // numbers of a record
  readonly value: number // numbers of what it leaves for each head and split, beside maximum and sum
  readonly dispatches: readonly Dispatch[]
  wanted(queries: Float64Array, records: Float64Array, split: number): ArrayLike<number>
}

/** Queries are this much larger than drawn numbers: records are small, and weights of a softmax should differ. */
const SHARP = 32

/** The case of such a kernel, over a cache of f16. */
export function attendCase(setting: Setting, attending: Attending): Case {
  const { room, tokens, context } = setting
  const { kernel, input, heads, query, record, value, dispatches } = attending
  const paged = drawPaged(setting, context, record)
  const queries = drawNumbers(tokens * heads * query, 3).map((each) => each * SHARP)
  const width = value + 2
  const { split, rows, words } = splitsOf(setting, heads, width)
  const output = room.empty(words)
  const operands = { [input]: room.upload(queries), pages: paged.pages, output }
  return {
    shape: `${tokens} × ${heads} · ${query}, ${context} cached`,
    ...roundOver(paged.copies, (cache) => select(dispatches, kernel, { ...operands, cache })),
    cost: {
      weightBytes: 0,
      plainBytes: paged.bytes,
      flops: 2 * tokens * heads * context * (query + value),
    },
    step: { tokens, position: context - tokens, split },
    async result() {
      const wanted = attending.wanted(Float64Array.from(queries), paged.records(context), split)
      const actual = takeRows(await room.read(output, words), rows, width)
      return [{ actual, wanted, tolerance: TOLERANCE.f32 }]
    },
  }
}
