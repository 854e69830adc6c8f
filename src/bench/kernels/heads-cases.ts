// Answers: how is attention with keys and values for each head measured? Those of a model of latents, kept expanded.
// It must not know how the kernel is dispatched.
import { type CacheKind, expandedHeads } from '../../models/cache-form.ts'
import { expandedSizes } from '../../models/expanded.ts'
import { attendHeads } from '../../models/grouped.ts'
import { heads_attend } from '../../reference/heads.ts'
import { type Case, type CaseMaker, record, type Setting } from './case.ts'
import { attendCase } from './recorded-attention.ts'

export const headsCases: readonly CaseMaker[] = (['standard', 'gqa-8'] as const).map((kind) => ({
  kernel: 'heads_attend',
  role: `${kind}, f16`,
  mode: 'decode',
  stored: 'none',
  ceiling: 'bytes',
  make: (setting) => make(setting, kind),
}))

async function make(setting: Setting, kind: CacheKind): Promise<Case> {
  const { room, tokens, widths } = setting
  const sizes = expandedSizes(widths.attention, expandedHeads(widths.attention, kind))
  const { heads, kvHeads, key, value, scale } = sizes
  const none = room.empty(16)
  const dispatches = record(setting, 'decode', (recording) => {
    const activation = (name: string, cols: number) => recording.graph.activation(name, 'f32', tokens, cols)
    const cache = { records: none, pages: none, rotations: none }
    attendHeads(recording, sizes, cache, activation('query', heads * key), activation('heads', heads * value))
  })
  return attendCase(setting, {
    kernel: 'heads_attend',
    input: 'query',
    heads,
    query: key,
    record: kvHeads * (key + value),
    value,
    dispatches,
    wanted: (queries, records, split) => heads_attend(queries, records, sizes, scale, split),
  })
}
