// Benchmark cases of GQA decode attention, over the expanded keys and values of a model with MLA.
import { type CacheKind, expandedKvHeads } from '../../models/cache-layout.ts'
import { gqaAttend } from '../../models/gqa.ts'
import type { LayerCache } from '../../models/layer-cache.ts'
import { expandedSizes } from '../../models/mla-expanded.ts'
import { gqa_decode } from '../../reference/gqa.ts'
import { decodeAttentionCase } from './attention-case.ts'
import { type CaseMaker, type CaseSettings, type KernelCase, recordDispatches } from './case.ts'

export const GQA_CASES: readonly CaseMaker[] = (['standard', 'gqa-8'] as const).map((kind) => ({
  kernel: 'gqa_decode',
  role: `${kind}, f16`,
  mode: 'decode',
  weightFormat: 'none',
  ceiling: 'bytes',
  build: (settings) => makeGqaDecode(settings, kind),
}))

async function makeGqaDecode(settings: CaseSettings, kind: CacheKind): Promise<KernelCase> {
  const { buffers, tokens, widths } = settings
  const sizes = expandedSizes(widths.attention, expandedKvHeads(widths.attention, kind))
  const { heads, kvHeads, qkHeadDim, vHeadDim } = sizes
  const unused = buffers.zeros(16)
  const dispatches = recordDispatches(settings, 'decode', (recording) => {
    const activation = (name: string, cols: number) => recording.graph.activation(name, [tokens, cols])
    const cache: LayerCache = { kvPages: unused, pageTable: unused, rotaryTable: unused }
    const query = activation('query', heads * qkHeadDim)
    gqaAttend(recording, sizes, cache, { query, output: activation('heads', heads * vHeadDim) })
  })
  return decodeAttentionCase(settings, {
    kernel: 'gqa_decode',
    input: 'query',
    heads,
    query: qkHeadDim,
    entryWidth: kvHeads * (qkHeadDim + vHeadDim),
    value: vHeadDim,
    dispatches,
    expected: (queries, entries, split) => gqa_decode(queries, entries, sizes, split),
  })
}
