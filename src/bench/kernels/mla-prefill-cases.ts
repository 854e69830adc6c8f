// Benchmark cases of MLA prefill: expanding a block of latents, and attention over it.
import { randomNumbers } from '../../lib/random.ts'
import { PREFILL_BLOCK } from '../../models/mla.ts'
import { mla_expand_kv, mla_prefill } from '../../reference/mla.ts'
import { mlaDispatches, randomKvB } from './attention-case.ts'
import {
  type CaseMaker,
  type CaseSettings,
  gatherRows,
  type KernelCase,
  PREFILL_TOLERANCE,
  roundOver,
  sampleRows,
  TOLERANCE,
  withOperands,
} from './case.ts'
import { randomKvPages } from './kv-pages.ts'

export const MLA_PREFILL_CASES: readonly CaseMaker[] = [
  {
    kernel: 'mla_expand_kv',
    role: 'a block',
    mode: 'prefill',
    weightFormat: 'any',
    ceiling: 'product',
    build: makeExpand,
  },
  defineAttention('own block', 0),
  defineAttention('earlier block', PREFILL_BLOCK),
]

async function makeExpand(settings: CaseSettings): Promise<KernelCase> {
  const { buffers, widths } = settings
  const { heads, qkNopeDim, vHeadDim, kvLoraRank, qkRopeDim } = widths.attention
  const columns = heads * (qkNopeDim + vHeadDim)
  const kvPages = randomKvPages({ ...settings, roundBytes: 0 }, PREFILL_BLOCK, kvLoraRank + qkRopeDim)
  const stored = randomKvB(settings)
  const expanded = buffers.zeros(PREFILL_BLOCK * columns)
  const { dispatches } = mlaDispatches(settings, 'prefill')
  const operands = { pages: kvPages.pages, weights: buffers.upload(stored.words), expanded }
  return {
    shape: `${PREFILL_BLOCK} × ${kvLoraRank} → ${columns}`,
    ...roundOver(kvPages.copies, (cache) =>
      withOperands(dispatches, 'mla_expand_kv', { ...operands, cache }),
    ),
    cost: {
      weightBytes: stored.part.bytes,
      plainBytes: kvPages.bytes,
      flops: 2 * PREFILL_BLOCK * columns * kvLoraRank,
    },
    step: { tokens: PREFILL_BLOCK },
    async outputs() {
      const rows = sampleRows(PREFILL_BLOCK, 8)
      const entries = gatherRows(kvPages.entries(PREFILL_BLOCK), rows, kvLoraRank + qkRopeDim)
      const expected = mla_expand_kv(entries, stored.values(), widths.attention)
      const actual = gatherRows(await buffers.read(expanded, PREFILL_BLOCK * columns), rows, columns)
      return [{ actual, expected, rows, tolerance: PREFILL_TOLERANCE[settings.matmulPrecision] }]
    },
  }
}

/** Attention of a chunk that begins at `position` over the first block of the context. */
function defineAttention(role: string, position: number): CaseMaker {
  return {
    kernel: 'mla_prefill',
    role,
    mode: 'prefill',
    weightFormat: 'none',
    ceiling: 'product',
    build: (settings) => makeAttend(settings, position),
  }
}

async function makeAttend(settings: CaseSettings, position: number): Promise<KernelCase> {
  const { buffers, widths } = settings
  const tokens = Math.min(settings.tokens, PREFILL_BLOCK)
  const { heads, qkNopeDim, qkRopeDim, vHeadDim, kvLoraRank } = widths.attention
  const columns = heads * (qkNopeDim + vHeadDim)
  const kvPages = randomKvPages({ ...settings, roundBytes: 0 }, PREFILL_BLOCK, kvLoraRank + qkRopeDim)
  const { dispatches, stride } = mlaDispatches(settings, 'prefill')
  const query = randomNumbers(tokens * stride, 3).map((value) => 4 * value) // so that softmax weights differ
  const expanded = randomNumbers(PREFILL_BLOCK * columns, 4)
  const output = buffers.zeros(tokens * heads * vHeadDim)
  const state = buffers.zeros(tokens * heads * 2)
  const operands = {
    query: buffers.upload(query),
    expanded: buffers.upload(expanded),
    pages: kvPages.pages,
    output,
    state,
  }
  const keysOf = (row: number) => Math.min(PREFILL_BLOCK, position + row + 1)
  const pairs = Array.from({ length: tokens }, (_, row) => keysOf(row)).reduce((sum, keys) => sum + keys, 0)
  return {
    shape: `${tokens} × ${heads} · ${qkNopeDim + qkRopeDim}, ${PREFILL_BLOCK} keys`,
    ...roundOver(kvPages.copies, (cache) => withOperands(dispatches, 'mla_prefill', { ...operands, cache })),
    cost: {
      weightBytes: 0,
      plainBytes: PREFILL_BLOCK * (columns * 4 + qkRopeDim * 2),
      flops: 2 * pairs * heads * (qkNopeDim + qkRopeDim + vHeadDim),
    },
    step: { tokens, position },
    async outputs() {
      const rows = sampleRows(tokens, 5)
      const sums = await buffers.read(state, tokens * heads * 2)
      // Only the block with a row's own position divides by Σ p; earlier blocks leave unnormalised sums.
      const divisorOf = (row: number, head: number) =>
        position < PREFILL_BLOCK ? 1 : (sums[(row * heads + head) * 2 + 1] ?? Number.NaN)
      const actual = gatherRows(
        await buffers.read(output, tokens * heads * vHeadDim),
        rows,
        heads * vHeadDim,
      ).map((sum, i) => {
        const [row, head] = [Math.floor(i / heads / vHeadDim), Math.floor(i / vHeadDim) % heads]
        return sum / divisorOf(rows[row] ?? 0, head)
      })
      const expected = new Float64Array(actual.length)
      rows.forEach((row, i) => {
        expected.set(
          attendRow(settings, gatherRows(query, [row], stride), expanded, kvPages.entries(keysOf(row))),
          i * heads * vHeadDim,
        )
      })
      return [{ actual, expected, rows, tolerance: TOLERANCE.f32 }]
    },
  }
}

/** The f64 reference of one query row, over all keys in `entries`. */
function attendRow(
  { widths: { attention } }: CaseSettings,
  row: Float64Array,
  expanded: Float32Array,
  entries: Float64Array,
): Float64Array {
  const { heads, qkNopeDim, qkRopeDim, vHeadDim, kvLoraRank } = attention
  const count = entries.length / (kvLoraRank + qkRopeDim)
  const keys = Float64Array.from(expanded.subarray(0, count * heads * (qkNopeDim + vHeadDim)))
  return mla_prefill(row.subarray(0, heads * (qkNopeDim + qkRopeDim)), keys, entries, attention)
}
