// Shared parts of attention cases: MLA dispatches, the kv_b matrix, splits, and decode attention over a
// cache.
import { splitTokens } from '../../engine/run/kv-cache.ts'
import { chooseDispatchSizes } from '../../gpu/dispatch-sizes.ts'
import { CHUNK, type GpuMatrix, type GpuVector, padTo } from '../../gpu/matrix.ts'
import { randomNumbers } from '../../lib/random.ts'
import type { LayerCache } from '../../models/layer-cache.ts'
import { mlaAttention } from '../../models/mla.ts'
import type { MlaTensors } from '../../models/tensors.ts'
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
import { randomKvPages } from './kv-pages.ts'
import { type RandomMatrix, randomMatrix, readRows } from './random-matrix.ts'

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
  const { heads, qkNopeDim, qkRopeDim, vHeadDim, kvLoraRank } = attention
  const unused = buffers.zeros(16)
  const qkvA = layoutOnly(
    format,
    [heads * (qkNopeDim + qkRopeDim), kvLoraRank + qkRopeDim],
    spec.hiddenSize,
    unused,
  )
  const tensors: MlaTensors<GpuMatrix, GpuVector> = {
    kind: 'latent',
    inputNorm: { buffer: unused.buffer, length: spec.hiddenSize },
    qkvA,
    qANorm: undefined,
    qB: undefined,
    kvANorm: { buffer: unused.buffer, length: kvLoraRank },
    kvB: layoutOnly(format, [heads * (qkNopeDim + vHeadDim)], kvLoraRank, unused),
    oProj: layoutOnly(format, [spec.hiddenSize], heads * vHeadDim, unused),
  }
  const cache: LayerCache = { kvPages: unused, pageTable: unused, rotaryTable: unused }
  const dispatches = recordDispatches(settings, mode, (context) => {
    const x = context.graph.activation('x', [tokens, spec.hiddenSize])
    mlaAttention(context, spec, { mla: attention, tensors, cache }, x)
  })
  return { dispatches, stride: padTo(qkvA.rows, CHUNK), latentAt: qkvA.starts[1] ?? 0 }
}

/** A random kv_b matrix: [heads · (qkNopeDim + vHeadDim), kvLoraRank]. */
export function randomKvB({ format, widths }: CaseSettings): RandomMatrix & { values(): Float64Array } {
  const { heads, qkNopeDim, vHeadDim, kvLoraRank } = widths.attention
  const stored = randomMatrix(format, [heads * (qkNopeDim + vHeadDim)], kvLoraRank, 11)
  return { ...stored, values: () => readRows(stored, 0, stored.layout.rows) }
}

/** How decode splits the context, and which rows [_, width] of the partial results are used. */
export function splitLayout({ buffers, context, tokens }: CaseSettings, heads: number, width: number) {
  const { contextSplits } = chooseDispatchSizes(buffers.device.capabilities)
  const split = splitTokens(context, buffers.device.capabilities)
  const splits = Math.ceil(context / split)
  const rows = Array.from(
    { length: tokens * heads * splits },
    (_, i) => Math.floor(i / splits) * contextSplits + (i % splits),
  )
  return { split, splits, rows, words: tokens * heads * contextSplits * width }
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
  const queries = randomNumbers(tokens * heads * query, 3).map((number) => number * QUERY_SCALE)
  const width = value + 2
  const { split, rows, words } = splitLayout(settings, heads, width)
  const output = buffers.zeros(words)
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
