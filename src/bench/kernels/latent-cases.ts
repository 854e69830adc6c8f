// Benchmark cases of MLA decode: absorbing the query, attention in latent space, and combining the splits.
import { drawNumbers } from '../../lib/draw.ts'
import { decodeF16 } from '../../lib/float.ts'
import { rotationTable } from '../../models/rotary.ts'
import { latent_attend, latent_enter, latent_merge } from '../../reference/attention.ts'
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
import { reversedPageTable } from './paged.ts'
import { decodeAttentionCase, mlaDispatches, randomKvB, splitLayout } from './recorded-attention.ts'

export const MLA_DECODE_CASES: readonly CaseMaker[] = [
  {
    kernel: 'latent_enter',
    role: 'one layer',
    mode: 'decode',
    weightFormat: 'any',
    ceiling: 'bytes',
    build: makeAbsorbQ,
  },
  {
    kernel: 'latent_attend',
    role: 'f16 latents',
    mode: 'decode',
    weightFormat: 'none',
    ceiling: 'bytes',
    build: makeDecode,
  },
  {
    kernel: 'latent_merge',
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
  const { heads, nope, rope, value, latent, rotary, halfSplit, latentEpsilon } = attention
  const { dispatches, stride, latentAt } = mlaDispatches(settings, 'decode')
  const width = nope + rope
  const entryWidth = latent + rope
  const stored = randomKvB(settings)
  const numbers = drawNumbers(tokens * stride, 3)
  const weight = drawNumbers(latent, 4)
  const { table, rowOf } = reversedPageTable(context)
  const words = table.length * 32 * entryWidth // 64 KV entries of f16 pairs per page
  const cache = buffers.empty(words)
  const absorbed = buffers.empty(tokens * heads * entryWidth)
  const projected = buffers.upload(numbers)
  const operands = {
    projected,
    query: projected,
    latent_norm: buffers.upload(weight),
    rotations: buffers.upload(rotationTable(rotary, context)),
    pages: buffers.upload(table),
    absorbed,
    cache,
  }
  const position = context - tokens
  return {
    shape: `${tokens} × ${heads} · ${width} → ${heads} · ${entryWidth}`,
    ...roundOver(
      copiesForRound(settings, stored.part.bytes, () => buffers.upload(stored.words)),
      (weights) => withOperands(dispatches, 'latent_enter', { ...operands, weights }),
    ),
    cost: {
      weightBytes: (stored.part.bytes * nope) / (nope + value),
      plainBytes: 0,
      flops: 2 * tokens * heads * nope * latent,
    },
    step: { tokens, position },
    async outputs() {
      const rows = Array.from({ length: tokens }, (_, token) => token)
      const expected = latent_enter(
        gatherRows(numbers, rows, stride, heads * width),
        stored.values(),
        attention,
        [
          Float64Array.from(numbers),
          stride,
          latentAt,
          { weight: Float64Array.from(weight), epsilon: latentEpsilon },
          position,
          { frequencies: rotary.frequencies, halfSplit },
        ],
      )
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
        { actual: entries, expected: expected.records, tolerance: TOLERANCE.f16 },
      ]
    },
  }
}

async function makeDecode(settings: CaseSettings): Promise<KernelCase> {
  const { attention } = settings.widths
  const { heads, rope, latent, scale } = attention
  return decodeAttentionCase(settings, {
    kernel: 'latent_attend',
    input: 'absorbed',
    heads,
    query: latent + rope,
    entryWidth: latent + rope,
    value: latent,
    dispatches: mlaDispatches(settings, 'decode').dispatches,
    expected: (queries, entries, split) => latent_attend(queries, entries, attention, scale, split),
  })
}

async function makeCombine(settings: CaseSettings): Promise<KernelCase> {
  const { buffers, tokens, context, widths } = settings
  const { attention } = widths
  const { heads, nope, value, latent } = attention
  const width = latent + 2
  const { split, splits, rows, words } = splitLayout(settings, heads, width)
  const stored = randomKvB(settings)
  const numbers = drawNumbers(words, 3)
  for (let at = width - 1; at < words; at += width) numbers[at] = 2 + (numbers[at] ?? 0) // Σ p is positive
  const partial = buffers.upload(numbers)
  const output = buffers.empty(tokens * heads * value)
  const { dispatches } = mlaDispatches(settings, 'decode')
  return {
    shape: `${tokens} × ${heads} · ${latent}, ${splits} splits → ${heads} · ${value}`,
    ...roundOver(
      copiesForRound(settings, stored.part.bytes, () => buffers.upload(stored.words)),
      (weights) => withOperands(dispatches, 'latent_merge', { partial, weights, output }),
    ),
    cost: {
      weightBytes: (stored.part.bytes * value) / (nope + value),
      plainBytes: rows.length * width * 4,
      flops: 2 * tokens * heads * (splits + value) * latent,
    },
    step: { tokens, position: context - tokens, split },
    async outputs() {
      const partials = gatherRows(numbers, rows, width)
      const expected = latent_merge(partials, stored.values(), attention, splits)
      const actual = await buffers.read(output, tokens * heads * value)
      return [{ actual, expected, tolerance: TOLERANCE.f32 }]
    },
  }
}
