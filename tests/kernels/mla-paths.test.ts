// Tests that expanded prefill and absorbed decode of MLA both equal plain causal attention.
import { afterAll, beforeAll, describe, it } from 'vitest'
import type { Device } from '../../src/gpu/device.ts'
import {
  absorbed_query,
  type MlaShape,
  mla_combine_splits,
  mla_decode,
  mla_expand_kv,
  mla_prefill,
  mla_write,
  rope_query,
} from '../../src/reference/mla.ts'
import { describeOnAdapters, openAdapter } from '../support/adapter.ts'
import { emptyCache, pageTable } from '../support/kv-cache.ts'
import { MlaKernels } from '../support/mla.ts'
import { type MlaLayer, type MlaLayerOptions, makeMlaLayer } from '../support/mla-layer.ts'
import { expectClose, normals, TOLERANCE } from '../support/numbers.ts'

const ODD_SIZES: MlaShape = { heads: 3, qkNopeDim: 22, qkRopeDim: 10, vHeadDim: 26, kvLoraRank: 134 }
const V2_LITE: MlaShape = { heads: 16, qkNopeDim: 128, qkRopeDim: 64, vHeadDim: 128, kvLoraRank: 512 }
const BLOCK = 64 // cached tokens expanded at a time
const SPLIT = 52

/** `context` random rows of a layer, and their plain causal attention in f64. */
function makeProblem(shape: MlaShape, context: number, options: MlaLayerOptions) {
  const layer = makeMlaLayer(shape, { ...options, positions: context })
  const projected = Float64Array.from(normals(context * layer.entryWidth, 21))
  const query = Float64Array.from(normals(context * layer.heads * layer.width, 22, 2))
  const norm = Float32Array.from(normals(layer.kvLoraRank, 23))
  const records = mla_write(
    projected,
    layer.entryWidth,
    0,
    { weight: Float64Array.from(norm), epsilon: 1e-6 },
    0,
    layer.rotary,
  )
  const expanded = mla_expand_kv(records, layer.kvB.values, layer)
  const turned = rope_query(query, layer, 0, layer.rotary)
  const { ropeInterleaved } = layer.rotary
  const wanted = mla_prefill(turned, expanded, records, layer, layer.scale, ropeInterleaved)
  return { layer, context, projected, query, norm, records, wanted, pages: pageTable(context, 24) }
}
type Problem = ReturnType<typeof makeProblem>

/** Rows `first` to `end` of [rows, width]. */
const rows = (values: Float64Array, width: number, first: number, end?: number) =>
  values.subarray(first * width, end === undefined ? undefined : end * width)

/** Prefill in chunks with expanded keys and values; returns the output of every row and the final cache. */
async function prefill(kernels: MlaKernels, problem: Problem, starts: readonly number[]) {
  const { layer, context, pages } = problem
  const output = new Float64Array(context * layer.heads * layer.vHeadDim)
  let cache = emptyCache(pages, layer.entryWidth, layer.cache)
  for (const [i, position] of starts.entries()) {
    const end = starts[i + 1] ?? context
    const place = { position, tokens: end - position, pages }
    const projected = rows(problem.projected, layer.entryWidth, position, end)
    cache = await kernels.mlaWrite(projected, layer.entryWidth, { norm: problem.norm }, cache, place)
    const turned = await kernels.ropeQuery(
      rows(problem.query, layer.heads * layer.width, position, end),
      place,
    )
    const blocks = []
    for (let index = 0; index * BLOCK < end; index++) {
      blocks.push(await kernels.mlaExpandKv(cache, place, { block: BLOCK, index }))
    }
    const chunk = await kernels.mlaPrefill(turned, blocks, cache, place, BLOCK)
    output.set(chunk, position * layer.heads * layer.vHeadDim)
  }
  return { output, cache }
}

/** Absorbed decode of the last `tokens` rows over the cache. */
async function decode(kernels: MlaKernels, problem: Problem, before: Uint32Array, tokens: number) {
  const { layer, context, pages, norm } = problem
  const place = { position: context - tokens, tokens, pages }
  const query = rows(problem.query, layer.heads * layer.width, place.position)
  const projected = rows(problem.projected, layer.entryWidth, place.position)
  const entered = await kernels.mlaAbsorbQ(query, projected, layer.entryWidth, { norm }, before, place)
  const { absorbed, cache } = entered
  const partial = await kernels.mlaDecode(absorbed, cache, place, SPLIT)
  return kernels.mlaCombineSplits(partial, place, SPLIT)
}

describe('the reference', () => {
  for (const ropeInterleaved of [true, false]) {
    it(`absorbed equals expanded, ${ropeInterleaved ? 'interleaved' : 'half-split'} RoPE`, () => {
      const { layer, records, query, wanted } = makeProblem(ODD_SIZES, 70, { ropeInterleaved })
      const last = rows(query, layer.heads * layer.width, 60)
      const absorbed = absorbed_query(last, layer.kvB.values, layer, 60, layer.rotary)
      const partial = mla_decode(absorbed, records, layer, layer.scale, 32)
      const output = mla_combine_splits(partial, layer.kvB.values, layer, 3)
      expectClose(output, rows(wanted, layer.heads * layer.vHeadDim, 60), 1e-12)
    })
  }
})

const problems = new Map<string, Problem>()
/** Cached for all adapters, because the f64 reference takes a while. */
function problemOf(shape: MlaShape, context: number, options: MlaLayerOptions): Problem {
  const key = JSON.stringify([shape, context, options])
  const problem = problems.get(key) ?? makeProblem(shape, context, options)
  problems.set(key, problem)
  return problem
}

describeOnAdapters('expanded prefill and absorbed decode equal plain causal attention', (adapter) => {
  let device: Device
  beforeAll(async () => {
    device = await openAdapter(adapter)
  })
  afterAll(() => device.destroy())

  const check = async (problem: Problem, starts: readonly number[], tokens: readonly number[]) => {
    const layer: MlaLayer = problem.layer
    const kernels = new MlaKernels(device, layer)
    const { output, cache } = await prefill(kernels, problem, starts)
    expectClose(output, problem.wanted, TOLERANCE[layer.cache])
    for (const count of tokens) {
      const decoded = await decode(kernels, problem, cache, count)
      // Both read the same cache, so its rounding makes no difference.
      expectClose(decoded, rows(output, layer.heads * layer.vHeadDim, problem.context - count), TOLERANCE.f32)
    }
  }

  for (const cache of ['f16', 'f32'] as const) {
    it(`3 heads of odd sizes, ${cache} cache, context 1 to 300`, async () => {
      for (const [context, starts, tokens] of [
        [1, [0], [1]],
        [63, [0, 40], [2]],
        [64, [0], [3]],
        [65, [0, 64], [1, 3]],
        [300, [0, 40, 140], [1, 2, 3]],
      ] as const) {
        await check(problemOf(ODD_SIZES, context, { cache }), starts, tokens)
      }
    })
  }

  it('half-split RoPE, FP8 weights', async () => {
    await check(problemOf(ODD_SIZES, 70, { ropeInterleaved: false, format: 'fp8_block' }), [0, 30], [2])
  })

  it('the heads of DeepSeek-V2-Lite', async () => {
    await check(problemOf(V2_LITE, 67, { cache: 'f16', format: 'bf16' }), [0, 20], [1, 2])
  })
})
