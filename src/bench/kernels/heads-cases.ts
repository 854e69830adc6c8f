// Benchmark cases of GQA decode attention, over the expanded keys and values of a model with MLA.
import { type CacheKind, expandedHeads } from '../../models/cache-form.ts'
import { expandedSizes } from '../../models/expanded.ts'
import { attendHeads } from '../../models/grouped.ts'
import { heads_attend } from '../../reference/heads.ts'
import { type CaseMaker, type CaseSettings, type KernelCase, recordDispatches } from './case.ts'
import { decodeAttentionCase } from './recorded-attention.ts'
import type { Cache } from '../../models/cache.ts'

export const GQA_CASES: readonly CaseMaker[] = (['standard', 'gqa-8'] as const).map((kind) => ({
  kernel: 'heads_attend',
  role: `${kind}, f16`,
  mode: 'decode',
  weightFormat: 'none',
  ceiling: 'bytes',
  build: (settings) => makeGqaDecode(settings, kind),
}))

async function makeGqaDecode(settings: CaseSettings, kind: CacheKind): Promise<KernelCase> {
  const { buffers, tokens, widths } = settings
  const sizes = expandedSizes(widths.attention, expandedHeads(widths.attention, kind))
  const { heads, kvHeads, key, value, scale } = sizes
  const unused = buffers.empty(16)
  const dispatches = recordDispatches(settings, 'decode', (recording) => {
    const activation = (name: string, cols: number) => recording.graph.activation(name, 'f32', tokens, cols)
    const cache: Cache = { records: unused, pages: unused, rotations: unused }
    attendHeads(recording, sizes, cache, activation('query', heads * key), activation('heads', heads * value))
  })
  return decodeAttentionCase(settings, {
    kernel: 'heads_attend',
    input: 'query',
    heads,
    query: key,
    entryWidth: kvHeads * (key + value),
    value,
    dispatches,
    expected: (queries, entries, split) => heads_attend(queries, entries, sizes, scale, split),
  })
}
