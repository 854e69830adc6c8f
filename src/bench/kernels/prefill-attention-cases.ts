// Answers: which kernels of prefill's attention to latents are measured? Expanding a block of them, and attending to it.
// It must not know how the kernels are dispatched.
import { drawNumbers } from '../../lib/draw.ts'
import { BLOCK } from '../../models/latent.ts'
import { attend_prefill, expand_latent } from '../../reference/attention.ts'
import {
  type Case,
  type CaseMaker,
  PREFILL_TOLERANCE,
  roundOver,
  type Setting,
  select,
  spreadRows,
  TOLERANCE,
  takeRows,
} from './case.ts'
import { drawPaged } from './paged.ts'
import { attentionOf, drawExpand } from './recorded-attention.ts'

export const prefillAttentionCases: readonly CaseMaker[] = [
  {
    kernel: 'expand_latent',
    role: 'a block',
    mode: 'prefill',
    stored: 'any',
    ceiling: 'product',
    make: makeExpand,
  },
  attending('own block', 0),
  attending('earlier block', BLOCK),
]

async function makeExpand(setting: Setting): Promise<Case> {
  const { room, widths } = setting
  const { heads, nope, value, latent, rope } = widths.attention
  const columns = heads * (nope + value)
  const paged = drawPaged({ ...setting, roundBytes: 0 }, BLOCK, latent + rope)
  const stored = drawExpand(setting)
  const expanded = room.empty(BLOCK * columns)
  const { dispatches } = attentionOf(setting, 'prefill')
  const operands = { pages: paged.pages, weights: room.upload(stored.words), expanded }
  return {
    shape: `${BLOCK} × ${latent} → ${columns}`,
    ...roundOver(paged.copies, (cache) => select(dispatches, 'expand_latent', { ...operands, cache })),
    cost: { weightBytes: stored.part.bytes, plainBytes: paged.bytes, flops: 2 * BLOCK * columns * latent },
    step: { tokens: BLOCK },
    async result() {
      const proven = spreadRows(BLOCK, 8)
      const records = takeRows(paged.records(BLOCK), proven, latent + rope)
      const wanted = expand_latent(records, stored.values(), widths.attention)
      const actual = takeRows(await room.read(expanded, BLOCK * columns), proven, columns)
      return [{ actual, wanted, rows: proven, tolerance: PREFILL_TOLERANCE[setting.products] }]
    },
  }
}

/** Attention of a chunk that begins at `position` to the first block of the context. */
function attending(role: string, position: number): CaseMaker {
  return {
    kernel: 'attend_prefill',
    role,
    mode: 'prefill',
    stored: 'none',
    ceiling: 'product',
    make: (setting) => makeAttend(setting, position),
  }
}

async function makeAttend(setting: Setting, position: number): Promise<Case> {
  const { room, widths } = setting
  const tokens = Math.min(setting.tokens, BLOCK)
  const { heads, nope, rope, value, latent } = widths.attention
  const columns = heads * (nope + value)
  const paged = drawPaged({ ...setting, roundBytes: 0 }, BLOCK, latent + rope)
  const { dispatches, stride } = attentionOf(setting, 'prefill')
  const query = drawNumbers(tokens * stride, 3).map((each) => 4 * each) // so that weights of the softmax differ
  const expanded = drawNumbers(BLOCK * columns, 4)
  const output = room.empty(tokens * heads * value)
  const state = room.empty(tokens * heads * 2)
  const operands = {
    query: room.upload(query),
    expanded: room.upload(expanded),
    pages: paged.pages,
    output,
    state,
  }
  const seen = (row: number) => Math.min(BLOCK, position + row + 1)
  const pairs = Array.from({ length: tokens }, (_, row) => seen(row)).reduce((sum, each) => sum + each, 0)
  return {
    shape: `${tokens} × ${heads} · ${nope + rope}, ${BLOCK} keys`,
    ...roundOver(paged.copies, (cache) => select(dispatches, 'attend_prefill', { ...operands, cache })),
    cost: {
      weightBytes: 0,
      plainBytes: BLOCK * (columns * 4 + rope * 2),
      flops: 2 * pairs * heads * (nope + rope + value),
    },
    step: { tokens, position },
    async result() {
      const rows = spreadRows(tokens, 5)
      const sums = await room.read(state, tokens * heads * 2)
      // The block that holds a row's own position divides by Σ p; before it the sums are as they are.
      const whole = (row: number, head: number) =>
        position < BLOCK ? 1 : (sums[(row * heads + head) * 2 + 1] ?? Number.NaN)
      const actual = takeRows(await room.read(output, tokens * heads * value), rows, heads * value).map(
        (each, i) => {
          const [row, head] = [Math.floor(i / heads / value), Math.floor(i / value) % heads]
          return each / whole(rows[row] ?? 0, head)
        },
      )
      const wanted = new Float64Array(actual.length)
      rows.forEach((row, i) => {
        wanted.set(
          attended(setting, takeRows(query, [row], stride), expanded, paged.records(seen(row))),
          i * heads * value,
        )
      })
      return [{ actual, wanted, rows, tolerance: TOLERANCE.f32 }]
    },
  }
}

/** One row of queries over as many keys as there are records. */
function attended(
  { widths: { attention } }: Setting,
  row: Float64Array,
  expanded: Float32Array,
  records: Float64Array,
): Float64Array {
  const { heads, nope, rope, value, latent, scale, halfSplit } = attention
  const count = records.length / (latent + rope)
  const keys = Float64Array.from(expanded.subarray(0, count * heads * (nope + value)))
  return attend_prefill(row.subarray(0, heads * (nope + rope)), keys, records, attention, scale, halfSplit)
}
