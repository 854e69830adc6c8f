// Benchmark cases of MLA prefill: expanding a block of latents, and attention over it.
import { drawNumbers } from '../../lib/draw.ts'
import { BLOCK } from '../../models/latent.ts'
import { attend_prefill, expand_latent } from '../../reference/attention.ts'
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
import { randomKvPages } from './paged.ts'
import { mlaDispatches, randomKvB } from './recorded-attention.ts'

export const MLA_PREFILL_CASES: readonly CaseMaker[] = [
  {
    kernel: 'expand_latent',
    role: 'a block',
    mode: 'prefill',
    weightFormat: 'any',
    ceiling: 'product',
    build: makeExpand,
  },
  defineAttention('own block', 0),
  defineAttention('earlier block', BLOCK),
]

async function makeExpand(settings: CaseSettings): Promise<KernelCase> {
  const { buffers, widths } = settings
  const { heads, nope, value, latent, rope } = widths.attention
  const columns = heads * (nope + value)
  const kvPages = randomKvPages({ ...settings, roundBytes: 0 }, BLOCK, latent + rope)
  const stored = randomKvB(settings)
  const expanded = buffers.empty(BLOCK * columns)
  const { dispatches } = mlaDispatches(settings, 'prefill')
  const operands = { pages: kvPages.pages, weights: buffers.upload(stored.words), expanded }
  return {
    shape: `${BLOCK} × ${latent} → ${columns}`,
    ...roundOver(kvPages.copies, (cache) =>
      withOperands(dispatches, 'expand_latent', { ...operands, cache }),
    ),
    cost: { weightBytes: stored.part.bytes, plainBytes: kvPages.bytes, flops: 2 * BLOCK * columns * latent },
    step: { tokens: BLOCK },
    async outputs() {
      const rows = sampleRows(BLOCK, 8)
      const entries = gatherRows(kvPages.entries(BLOCK), rows, latent + rope)
      const expected = expand_latent(entries, stored.values(), widths.attention)
      const actual = gatherRows(await buffers.read(expanded, BLOCK * columns), rows, columns)
      return [{ actual, expected, rows, tolerance: PREFILL_TOLERANCE[settings.matmulPrecision] }]
    },
  }
}

/** Attention of a chunk that begins at `position` over the first block of the context. */
function defineAttention(role: string, position: number): CaseMaker {
  return {
    kernel: 'attend_prefill',
    role,
    mode: 'prefill',
    weightFormat: 'none',
    ceiling: 'product',
    build: (settings) => makeAttend(settings, position),
  }
}

async function makeAttend(settings: CaseSettings, position: number): Promise<KernelCase> {
  const { buffers, widths } = settings
  const tokens = Math.min(settings.tokens, BLOCK)
  const { heads, nope, rope, value, latent } = widths.attention
  const columns = heads * (nope + value)
  const kvPages = randomKvPages({ ...settings, roundBytes: 0 }, BLOCK, latent + rope)
  const { dispatches, stride } = mlaDispatches(settings, 'prefill')
  const query = drawNumbers(tokens * stride, 3).map((value) => 4 * value) // so that softmax weights differ
  const expanded = drawNumbers(BLOCK * columns, 4)
  const output = buffers.empty(tokens * heads * value)
  const state = buffers.empty(tokens * heads * 2)
  const operands = {
    query: buffers.upload(query),
    expanded: buffers.upload(expanded),
    pages: kvPages.pages,
    output,
    state,
  }
  const keysOf = (row: number) => Math.min(BLOCK, position + row + 1)
  const pairs = Array.from({ length: tokens }, (_, row) => keysOf(row)).reduce((sum, keys) => sum + keys, 0)
  return {
    shape: `${tokens} × ${heads} · ${nope + rope}, ${BLOCK} keys`,
    ...roundOver(kvPages.copies, (cache) =>
      withOperands(dispatches, 'attend_prefill', { ...operands, cache }),
    ),
    cost: {
      weightBytes: 0,
      plainBytes: BLOCK * (columns * 4 + rope * 2),
      flops: 2 * pairs * heads * (nope + rope + value),
    },
    step: { tokens, position },
    async outputs() {
      const rows = sampleRows(tokens, 5)
      const sums = await buffers.read(state, tokens * heads * 2)
      // Only the block with a row's own position divides by Σ p; earlier blocks leave unnormalised sums.
      const divisorOf = (row: number, head: number) =>
        position < BLOCK ? 1 : (sums[(row * heads + head) * 2 + 1] ?? Number.NaN)
      const actual = gatherRows(await buffers.read(output, tokens * heads * value), rows, heads * value).map(
        (sum, i) => {
          const [row, head] = [Math.floor(i / heads / value), Math.floor(i / value) % heads]
          return sum / divisorOf(rows[row] ?? 0, head)
        },
      )
      const expected = new Float64Array(actual.length)
      rows.forEach((row, i) => {
        expected.set(
          attendRow(settings, gatherRows(query, [row], stride), expanded, kvPages.entries(keysOf(row))),
          i * heads * value,
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
  const { heads, nope, rope, value, latent, scale, halfSplit } = attention
  const count = entries.length / (latent + rope)
  const keys = Float64Array.from(expanded.subarray(0, count * heads * (nope + value)))
  return attend_prefill(row.subarray(0, heads * (nope + rope)), keys, entries, attention, scale, halfSplit)
}
