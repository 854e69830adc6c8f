// Benchmark cases of MLA decode: absorbing the query, attention in latent space, and combining the splits.

import { decodeF16 } from '../../lib/float.ts'
import { randomNumbers } from '../../lib/random.ts'
import { computeRotaryTable } from '../../models/rotary.ts'
import { mla_absorb_q, mla_combine_splits, mla_decode } from '../../reference/mla.ts'
import { decodeAttentionCase, mlaDispatches, randomKvB, splitLayout } from './attention-case.ts'
import {
  type CaseMaker,
  type CaseSettings,
  copiesForRound,
  gatherRows,
  type KernelCase,
  roundOver,
  TOLERANCE,
  withOperands,
} from './case.ts'
import { reversedPageTable } from './kv-pages.ts'

export const MLA_DECODE_CASES: readonly CaseMaker[] = [
  {
    kernel: 'mla_absorb_q',
    role: 'one layer',
    mode: 'decode',
    weightFormat: 'any',
    ceiling: 'bytes',
    build: makeAbsorbQ,
  },
  {
    kernel: 'mla_decode',
    role: 'f16 latents',
    mode: 'decode',
    weightFormat: 'none',
    ceiling: 'bytes',
    build: makeDecode,
  },
  {
    kernel: 'mla_combine_splits',
    role: 'one layer',
    mode: 'decode',
    weightFormat: 'any',
    ceiling: 'bytes',
    build: makeCombine,
  },
]

async function makeAbsorbQ(settings: CaseSettings): Promise<KernelCase> {
  const { buffers, tokens, context, widths } = settings
  const { attention } = widths
  const { heads, qkNopeDim, qkRopeDim, vHeadDim, kvLoraRank, rotary, ropeInterleaved, latentNormEps } =
    attention
  const { dispatches, stride, latentAt } = mlaDispatches(settings, 'decode')
  const width = qkNopeDim + qkRopeDim
  const entryWidth = kvLoraRank + qkRopeDim
  const stored = randomKvB(settings)
  const numbers = randomNumbers(tokens * stride, 3)
  const weight = randomNumbers(kvLoraRank, 4)
  const { table, rowOf } = reversedPageTable(context)
  const words = table.length * 32 * entryWidth // 64 KV entries of f16 pairs per page
  const cache = buffers.zeros(words)
  const absorbed = buffers.zeros(tokens * heads * entryWidth)
  const projected = buffers.upload(numbers)
  const operands = {
    projected,
    query: projected,
    latent_norm: buffers.upload(weight),
    rotations: buffers.upload(computeRotaryTable(rotary, context)),
    pages: buffers.upload(table),
    absorbed,
    cache,
  }
  const position = context - tokens
  return {
    shape: `${tokens} × ${heads} · ${width} → ${heads} · ${entryWidth}`,
    ...roundOver(
      copiesForRound(settings, stored.part.bytes, () => buffers.upload(stored.words)),
      (weights) => withOperands(dispatches, 'mla_absorb_q', { ...operands, weights }),
    ),
    cost: {
      weightBytes: (stored.part.bytes * qkNopeDim) / (qkNopeDim + vHeadDim),
      plainBytes: 0,
      flops: 2 * tokens * heads * qkNopeDim * kvLoraRank,
    },
    step: { tokens, position },
    async outputs() {
      const rows = Array.from({ length: tokens }, (_, token) => token)
      const query = gatherRows(numbers, rows, stride, heads * width)
      const expected = mla_absorb_q(query, stored.values(), attention, [
        Float64Array.from(numbers),
        { columns: stride, kvOffset: latentAt },
        { weight: Float64Array.from(weight), epsilon: latentNormEps },
        { position, rotary: { frequencies: rotary.frequencies, ropeInterleaved } },
      ])
      const halves = new Uint16Array((await buffers.read(cache, words)).buffer)
      const entries = gatherRows(
        halves,
        rows.map((token) => rowOf(position + token)),
        entryWidth,
      ).map(decodeF16)
      return [
        {
          actual: await buffers.read(absorbed, tokens * heads * entryWidth),
          expected: expected.absorbed,
          tolerance: TOLERANCE.f32,
        },
        { actual: entries, expected: expected.entries, tolerance: TOLERANCE.f16 },
      ]
    },
  }
}

async function makeDecode(settings: CaseSettings): Promise<KernelCase> {
  const { attention } = settings.widths
  const { heads, qkRopeDim, kvLoraRank } = attention
  return decodeAttentionCase(settings, {
    kernel: 'mla_decode',
    input: 'absorbed',
    heads,
    query: kvLoraRank + qkRopeDim,
    entryWidth: kvLoraRank + qkRopeDim,
    value: kvLoraRank,
    dispatches: mlaDispatches(settings, 'decode').dispatches,
    expected: (queries, entries, split) => mla_decode(queries, entries, attention, split),
  })
}

async function makeCombine(settings: CaseSettings): Promise<KernelCase> {
  const { buffers, tokens, context, widths } = settings
  const { attention } = widths
  const { heads, qkNopeDim, vHeadDim, kvLoraRank } = attention
  const width = kvLoraRank + 2
  const { split, splits, rows, words } = splitLayout(settings, heads, width)
  const stored = randomKvB(settings)
  const numbers = randomNumbers(words, 3)
  for (let at = width - 1; at < words; at += width) numbers[at] = 2 + (numbers[at] ?? 0) // Σ p is positive
  const partial = buffers.upload(numbers)
  const output = buffers.zeros(tokens * heads * vHeadDim)
  const { dispatches } = mlaDispatches(settings, 'decode')
  return {
    shape: `${tokens} × ${heads} · ${kvLoraRank}, ${splits} splits → ${heads} · ${vHeadDim}`,
    ...roundOver(
      copiesForRound(settings, stored.part.bytes, () => buffers.upload(stored.words)),
      (weights) => withOperands(dispatches, 'mla_combine_splits', { partial, weights, output }),
    ),
    cost: {
      weightBytes: (stored.part.bytes * vHeadDim) / (qkNopeDim + vHeadDim),
      plainBytes: rows.length * width * 4,
      flops: 2 * tokens * heads * (splits + vHeadDim) * kvLoraRank,
    },
    step: { tokens, position: context - tokens, split },
    async outputs() {
      const partials = gatherRows(numbers, rows, width)
      const expected = mla_combine_splits(partials, stored.values(), attention, splits)
      const actual = await buffers.read(output, tokens * heads * vHeadDim)
      return [{ actual, expected, tolerance: TOLERANCE.f32 }]
    },
  }
}
