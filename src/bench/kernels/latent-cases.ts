// Answers: which kernels of decode's attention to latents are measured? Entering the latent space, attending, leaving it.
// It must not know how the kernels are dispatched.
import { drawNumbers } from '../../lib/draw.ts'
import { decodeF16 } from '../../lib/float.ts'
import { rotationTable } from '../../models/rotary.ts'
import { latent_attend, latent_enter, latent_merge } from '../../reference/attention.ts'
import {
  type Case,
  type CaseMaker,
  copiesOf,
  roundOver,
  type Setting,
  select,
  TOLERANCE,
  takeRows,
} from './case.ts'
import { pageTable } from './paged.ts'
import { attendCase, attentionOf, drawExpand, splitsOf } from './recorded-attention.ts'

export const latentCases: readonly CaseMaker[] = [
  {
    kernel: 'latent_enter',
    role: 'one layer',
    mode: 'decode',
    stored: 'any',
    ceiling: 'bytes',
    make: makeEnter,
  },
  {
    kernel: 'latent_attend',
    role: 'f16 latents',
    mode: 'decode',
    stored: 'none',
    ceiling: 'bytes',
    make: makeAttend,
  },
  {
    kernel: 'latent_merge',
    role: 'one layer',
    mode: 'decode',
    stored: 'any',
    ceiling: 'bytes',
    make: makeMerge,
  },
]

async function makeEnter(setting: Setting): Promise<Case> {
  const { room, tokens, context, widths } = setting
  const { attention } = widths
  const { heads, nope, rope, value, latent, rotary, halfSplit, latentEpsilon } = attention
  const { dispatches, stride, latentAt } = attentionOf(setting, 'decode')
  const width = nope + rope
  const record = latent + rope
  const stored = drawExpand(setting)
  const numbers = drawNumbers(tokens * stride, 3)
  const weight = drawNumbers(latent, 4)
  const { table, rowOf } = pageTable(context)
  const words = table.length * 32 * record // 64 records of f16 pairs a page
  const cache = room.empty(words)
  const absorbed = room.empty(tokens * heads * record)
  const projected = room.upload(numbers)
  const operands = {
    projected,
    query: projected,
    latent_norm: room.upload(weight),
    rotations: room.upload(rotationTable(rotary, context)),
    pages: room.upload(table),
    absorbed,
    cache,
  }
  const position = context - tokens
  return {
    shape: `${tokens} × ${heads} · ${width} → ${heads} · ${record}`,
    ...roundOver(
      copiesOf(setting, stored.part.bytes, () => room.upload(stored.words)),
      (weights) => select(dispatches, 'latent_enter', { ...operands, weights }),
    ),
    cost: {
      weightBytes: (stored.part.bytes * nope) / (nope + value),
      plainBytes: 0,
      flops: 2 * tokens * heads * nope * latent,
    },
    step: { tokens, position },
    async result() {
      const rows = Array.from({ length: tokens }, (_, token) => token)
      const wanted = latent_enter(
        takeRows(numbers, rows, stride, heads * width),
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
      const halves = new Uint16Array((await room.read(cache, words)).buffer)
      const records = takeRows(
        halves,
        rows.map((token) => rowOf(position + token)),
        record,
      ).map(decodeF16)
      return [
        {
          actual: await room.read(absorbed, tokens * heads * record),
          wanted: wanted.absorbed,
          tolerance: TOLERANCE.f32,
        },
        { actual: records, wanted: wanted.records, tolerance: TOLERANCE.f16 },
      ]
    },
  }
}

async function makeAttend(setting: Setting): Promise<Case> {
  const { attention } = setting.widths
  const { heads, rope, latent, scale } = attention
  return attendCase(setting, {
    kernel: 'latent_attend',
    input: 'absorbed',
    heads,
    query: latent + rope,
    record: latent + rope,
    value: latent,
    dispatches: attentionOf(setting, 'decode').dispatches,
    wanted: (queries, records, split) => latent_attend(queries, records, attention, scale, split),
  })
}

async function makeMerge(setting: Setting): Promise<Case> {
  const { room, tokens, context, widths } = setting
  const { attention } = widths
  const { heads, nope, value, latent } = attention
  const width = latent + 2
  const { split, splits, rows, words } = splitsOf(setting, heads, width)
  const stored = drawExpand(setting)
  const numbers = drawNumbers(words, 3)
  for (let at = width - 1; at < words; at += width) numbers[at] = 2 + (numbers[at] ?? 0) // Σ p
  const partial = room.upload(numbers)
  const output = room.empty(tokens * heads * value)
  const { dispatches } = attentionOf(setting, 'decode')
  return {
    shape: `${tokens} × ${heads} · ${latent}, ${splits} splits → ${heads} · ${value}`,
    ...roundOver(
      copiesOf(setting, stored.part.bytes, () => room.upload(stored.words)),
      (weights) => select(dispatches, 'latent_merge', { partial, weights, output }),
    ),
    cost: {
      weightBytes: (stored.part.bytes * value) / (nope + value),
      plainBytes: rows.length * width * 4,
      flops: 2 * tokens * heads * (splits + value) * latent,
    },
    step: { tokens, position: context - tokens, split },
    async result() {
      const used = takeRows(numbers, rows, width)
      const wanted = latent_merge(used, stored.values(), attention, splits)
      const actual = await room.read(output, tokens * heads * value)
      return [{ actual, wanted, tolerance: TOLERANCE.f32 }]
    },
  }
}
