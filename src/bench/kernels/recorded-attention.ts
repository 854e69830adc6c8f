// Shared parts of attention cases: MLA dispatches, the kv_b matrix, splits, and decode attention over a
// cache.
import { splitOf } from '../../engine/runtime.ts'
import { CHUNK, type GpuMatrix, type GpuVector, padTo } from '../../gpu/matrix.ts'
import { drawNumbers } from '../../lib/draw.ts'
import { SPLITS } from '../../models/cache.ts'
import { latentAttention } from '../../models/latent.ts'
import type { LatentTensors } from '../../models/tensors.ts'
import type { Dispatch } from '../../program/graph.ts'
import {
  type CaseMaker,
  type CaseSettings,
  gatherRows,
  type KernelCase,
  layoutOnly,
  recordDispatches,
  roundOver,
  TOLERANCE,
  withOperands,
} from './case.ts'
import { randomKvPages } from './paged.ts'
import { drawMatrix, type RandomMatrix, readRows } from './stored.ts'
import type { Cache } from '../../models/cache.ts'

/**
 * The dispatches of an MLA layer. A projected row has queries from column 0 and latents from column
 * `latentAt`.
 */
export function mlaDispatches(
  settings: CaseSettings,
  mode: CaseMaker['mode'],
): { readonly dispatches: readonly Dispatch[]; readonly stride: number; readonly latentAt: number } {
  const { buffers, format, tokens, widths } = settings
  const { attention, spec } = widths
  const { heads, nope, rope, value, latent } = attention
  const unused = buffers.empty(16)
  const project = layoutOnly(format, [heads * (nope + rope), latent + rope], spec.hidden, unused)
  const tensors: LatentTensors<GpuMatrix, GpuVector> = {
    kind: 'latent',
    norm: { buffer: unused.buffer, length: spec.hidden },
    project,
    queryNorm: undefined,
    query: undefined,
    latentNorm: { buffer: unused.buffer, length: latent },
    expand: layoutOnly(format, [heads * (nope + value)], latent, unused),
    output: layoutOnly(format, [spec.hidden], heads * value, unused),
  }
  const cache: Cache = { records: unused, pages: unused, rotations: unused }
  const dispatches = recordDispatches(settings, mode, (context) => {
    const x = context.graph.activation('x', 'f32', tokens, spec.hidden)
    latentAttention(context, spec, attention, tensors, cache, x)
  })
  return { dispatches, stride: padTo(project.rows, CHUNK), latentAt: project.starts[1] ?? 0 }
}

/** A random kv_b matrix: [heads · (qkNopeDim + vHeadDim), kvLoraRank]. */
export function randomKvB({ format, widths }: CaseSettings): RandomMatrix & { values(): Float64Array } {
  const { heads, nope, value, latent } = widths.attention
  const stored = drawMatrix(format, [heads * (nope + value)], latent, 11)
  return { ...stored, values: () => readRows(stored, 0, stored.layout.rows) }
}

/** How decode splits the context, and which rows [_, width] of the partial results are used. */
export function splitLayout({ context, tokens }: CaseSettings, heads: number, width: number) {
  const split = splitOf(context)
  const splits = Math.ceil(context / split)
  const rows = Array.from(
    { length: tokens * heads * splits },
    (_, i) => Math.floor(i / splits) * SPLITS + (i % splits),
  )
  return { split, splits, rows, words: tokens * heads * SPLITS * width }
}

/** A decode attention kernel. */
export interface DecodeAttention {
  readonly kernel: string
  readonly input: string // operand name of the queries
  readonly heads: number
  readonly query: number // query width
  readonly entryWidth: number // elements of a KV entry
  readonly value: number // output width per head and split, besides maximum and sum
  readonly dispatches: readonly Dispatch[]
  /** The f64 reference. */
  expected(queries: Float64Array, entries: Float64Array, split: number): ArrayLike<number>
}

/** Scale of the random queries: KV entries are small, and the softmax weights should differ. */
const QUERY_SCALE = 32

/** The case of a decode attention kernel over an f16 cache. */
export function decodeAttentionCase(settings: CaseSettings, attention: DecodeAttention): KernelCase {
  const { buffers, tokens, context } = settings
  const { kernel, input, heads, query, entryWidth, value, dispatches } = attention
  const kvPages = randomKvPages(settings, context, entryWidth)
  const queries = drawNumbers(tokens * heads * query, 3).map((number) => number * QUERY_SCALE)
  const width = value + 2
  const { split, rows, words } = splitLayout(settings, heads, width)
  const output = buffers.empty(words)
  const operands = { [input]: buffers.upload(queries), pages: kvPages.pages, output }
  return {
    shape: `${tokens} × ${heads} · ${query}, ${context} cached`,
    ...roundOver(kvPages.copies, (cache) => withOperands(dispatches, kernel, { ...operands, cache })),
    cost: {
      weightBytes: 0,
      plainBytes: kvPages.bytes,
      flops: 2 * tokens * heads * context * (query + value),
    },
    step: { tokens, position: context - tokens, split },
    async outputs() {
      const expected = attention.expected(Float64Array.from(queries), kvPages.entries(context), split)
      const actual = gatherRows(await buffers.read(output, words), rows, width)
      return [{ actual, expected, tolerance: TOLERANCE.f32 }]
    },
  }
}
