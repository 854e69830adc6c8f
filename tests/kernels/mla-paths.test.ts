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
import type { KernelData } from '../support/kernel.ts'
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
  const rotation = { position: 0, rotary: layer.rotary }
  const entries = mla_write(
    projected,
    { columns: layer.entryWidth, kvOffset: 0 },
    { weight: Float64Array.from(norm), epsilon: 1e-6 },
    rotation,
  )
  const expanded = mla_expand_kv(entries, layer.kvB.values, layer)
  const rotated = rope_query(query, layer, rotation)
  const expected = mla_prefill(rotated, expanded, entries, { ...layer, ...layer.rotary })
  return { layer, context, projected, query, norm, entries, expected, pages: pageTable(context, 24) }
}
type Problem = ReturnType<typeof makeProblem>

/** Rows `first` to `end` of [rows, width]. */
const rows = (values: Float64Array, width: number, first: number, end?: number) =>
  values.subarray(first * width, end === undefined ? undefined : end * width)

/** Prefill in chunks with expanded keys and values; returns the output of every row and the final cache. */
async function prefill(kernels: MlaKernels, problem: Problem, starts: readonly number[]) {
  const { layer, context, pages } = problem
  const output = new Float64Array(context * layer.heads * layer.vHeadDim)
  let cache = emptyCache(layer, pages)
  for (const [i, position] of starts.entries()) {
    const end = starts[i + 1] ?? context
    const step = { position, tokens: end - position, pages }
    const projected = rows(problem.projected, layer.entryWidth, position, end)
    const input = { projected, columns: layer.entryWidth, norm: problem.norm }
    cache = await kernels.mlaWrite(input, cache, step)
    const rotated = await kernels.ropeQuery(
      rows(problem.query, layer.heads * layer.width, position, end),
      step,
    )
    const expanded: KernelData[] = []
    for (let index = 0; index * BLOCK < end; index++) {
      expanded.push(await kernels.mlaExpandKv(cache, step, { block: BLOCK, index }))
    }
    const chunk = await kernels.mlaPrefill(rotated, { expanded, block: BLOCK }, cache, step)
    output.set(chunk, position * layer.heads * layer.vHeadDim)
  }
  return { output, cache }
}

/** Absorbed decode of the last `tokens` rows over the cache. */
async function decode(kernels: MlaKernels, problem: Problem, before: Uint32Array, tokens: number) {
  const { layer, context, pages, norm } = problem
  const step = { position: context - tokens, tokens, pages }
  const query = rows(problem.query, layer.heads * layer.width, step.position)
  const projected = rows(problem.projected, layer.entryWidth, step.position)
  const input = { projected, columns: layer.entryWidth, norm }
  const { absorbed, cache } = await kernels.mlaAbsorbQ(query, input, before, step)
  const partial = await kernels.mlaDecode(absorbed, cache, step, SPLIT)
  return kernels.mlaCombineSplits(partial, step, SPLIT)
}

describe('the reference', () => {
  for (const ropeInterleaved of [true, false]) {
    it(`absorbed equals expanded, ${ropeInterleaved ? 'interleaved' : 'half-split'} RoPE`, () => {
      const { layer, entries, query, expected } = makeProblem(ODD_SIZES, 70, { ropeInterleaved })
      const last = rows(query, layer.heads * layer.width, 60)
      const absorbed = absorbed_query(last, layer.kvB.values, layer, {
        position: 60,
        rotary: layer.rotary,
      })
      const partial = mla_decode(absorbed, entries, layer, 32)
      const output = mla_combine_splits(partial, layer.kvB.values, layer, 3)
      expectClose(output, rows(expected, layer.heads * layer.vHeadDim, 60), 1e-12)
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
    expectClose(output, problem.expected, TOLERANCE[layer.kvDtype])
    for (const count of tokens) {
      const decoded = await decode(kernels, problem, cache, count)
      // Both read the same cache, so its rounding makes no difference.
      expectClose(decoded, rows(output, layer.heads * layer.vHeadDim, problem.context - count), TOLERANCE.f32)
    }
  }

  for (const kvDtype of ['f16', 'f32'] as const) {
    it(`3 heads of odd sizes, ${kvDtype} cache, context 1 to 300`, async () => {
      for (const [context, starts, tokens] of [
        [1, [0], [1]],
        [63, [0, 40], [2]],
        [64, [0], [3]],
        [65, [0, 64], [1, 3]],
        [300, [0, 40, 140], [1, 2, 3]],
      ] as const) {
        await check(problemOf(ODD_SIZES, context, { kvDtype }), starts, tokens)
      }
    })
  }

  it('half-split RoPE, FP8 weights', async () => {
    await check(problemOf(ODD_SIZES, 70, { ropeInterleaved: false, format: 'fp8_block' }), [0, 30], [2])
  })

  it('the heads of DeepSeek-V2-Lite', async () => {
    await check(problemOf(V2_LITE, 67, { kvDtype: 'f16', format: 'bf16' }), [0, 20], [1, 2])
  })
})
