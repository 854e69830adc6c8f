// Answers: how is attention with keys and values for each head measured? Those of a model of latents, kept expanded.
// It must not know how the kernel is dispatched.

import { drawNumbers } from '../../lib/draw.ts'
import { type CacheKind, expandedHeads } from '../../models/cache-form.ts'
import { expandedSizes } from '../../models/expanded.ts'
import { attendHeads } from '../../models/grouped.ts'
import { heads_attend } from '../../reference/heads.ts'
import {
  type Case,
  type CaseMaker,
  record,
  roundOver,
  type Setting,
  select,
  TOLERANCE,
  takeRows,
} from './case.ts'
import { drawPaged } from './paged.ts'
import { splitsOf } from './recorded-attention.ts'

export const headsCases: readonly CaseMaker[] = (['standard', 'gqa-8'] as const).map((kind) => ({
  kernel: 'heads_attend',
  role: `${kind}, f16`,
  mode: 'decode',
  stored: 'none',
  ceiling: 'bytes',
  make: (setting) => make(setting, kind),
}))

/** Queries are larger than drawn numbers: records are small, and weights of a softmax should differ. */
const SHARP = 16

async function make(setting: Setting, kind: CacheKind): Promise<Case> {
  const { room, tokens, context, widths } = setting
  const sizes = expandedSizes(widths.attention, expandedHeads(widths.attention, kind))
  const { heads, kvHeads, key, value, scale } = sizes
  const paged = drawPaged(setting, context, kvHeads * (key + value))
  const numbers = drawNumbers(tokens * heads * key, 3).map((each) => each * SHARP)
  const { split, rows, words } = splitsOf(setting, heads, value + 2)
  const output = room.empty(words)
  const none = room.empty(16)
  const dispatches = record(setting, 'decode', (recording) => {
    const activation = (name: string, cols: number) => recording.graph.activation(name, 'f32', tokens, cols)
    const cache = { records: none, pages: none, rotations: none }
    attendHeads(recording, sizes, cache, activation('query', heads * key), activation('heads', heads * value))
  })
  const operands = { query: room.upload(numbers), pages: paged.pages, output }
  return {
    shape: `${tokens} × ${heads} · ${key}, ${context} cached`,
    ...roundOver(paged.copies, (cache) => select(dispatches, 'heads_attend', { ...operands, cache })),
    cost: {
      weightBytes: 0,
      plainBytes: paged.bytes,
      flops: 2 * tokens * heads * context * (key + value),
    },
    step: { tokens, position: context - tokens, split },
    async result() {
      const wanted = heads_attend(Float64Array.from(numbers), paged.records(context), sizes, scale, split)
      const actual = takeRows(await room.read(output, words), rows, value + 2)
      return [{ actual, wanted, tolerance: TOLERANCE.f32 }]
    },
  }
}
