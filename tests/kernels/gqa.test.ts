// Tests of the GQA kernels against their f64 references: cache writes, decode, combine, prefill.
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Device } from '../../src/gpu/device.ts'
import { type GqaTiles, plainGqaTiles } from '../../src/kernels/gqa.ts'
import { reduceModule } from '../../src/models/ops.ts'
import {
  type GqaInputs,
  type GqaShape,
  gqa_combine,
  gqa_decode,
  gqa_prefill,
  gqa_write,
} from '../../src/reference/gqa.ts'
import { describeOnAdapters, openAdapter } from '../support/adapter.ts'
import { GqaKernels, type GqaLayer, makeGqaLayer } from '../support/gqa.ts'
import {
  BEYOND_F16,
  emptyCache,
  nearestF16,
  packKvEntries,
  pageTable,
  unpackKvEntries,
} from '../support/kv-cache.ts'
import { expectClose, normals, TOLERANCE } from '../support/numbers.ts'

const ODD_SIZES: GqaShape = { heads: 9, kvHeads: 3, qkHeadDim: 14, vHeadDim: 14 }
// Two workgroups of three heads.
const WIDE: GqaShape = { heads: 5, kvHeads: 1, qkHeadDim: 256, vHeadDim: 256 }
const EXPANDED: GqaShape = { heads: 3, kvHeads: 3, qkHeadDim: 192, vHeadDim: 128 } // expanded MLA
const QWEN2_7B: GqaShape = { heads: 14, kvHeads: 2, qkHeadDim: 128, vHeadDim: 128 } // half of its heads
const ONE_KEY: GqaShape = { heads: 65, kvHeads: 1, qkHeadDim: 6, vHeadDim: 10 } // heads for nine workgroups

const random = (count: number, seed: number, scale = 1) => Float64Array.from(normals(count, seed, scale))
const NO_VECTOR = new Float64Array(0)

/** Random biases and norms, or none. */
function inputsOf(
  layer: GqaLayer,
  layout: Pick<GqaInputs, 'columns' | 'kOffset' | 'vOffset'>,
  has: { bias: boolean; norm: boolean },
): GqaInputs {
  const { heads, kvHeads, qkHeadDim, vHeadDim, rotary } = layer
  return {
    ...layout,
    qkvBias: has.bias ? random((heads + kvHeads) * qkHeadDim + kvHeads * vHeadDim, 2) : NO_VECTOR,
    qNorm: has.norm ? random(qkHeadDim, 3) : NO_VECTOR,
    kNorm: has.norm ? random(qkHeadDim, 4) : NO_VECTOR,
    epsilon: 1e-6,
    rotary,
  }
}

/** A cache with random KV entries in the layer's format, and the entries as they read back. */
function fill(layer: GqaLayer, context: number) {
  const pages = pageTable(context, context)
  const cache = packKvEntries(normals(context * layer.entryWidth, 5), layer, pages)
  return { pages, cache, entries: unpackKvEntries(cache, layer, pages, [0, context]) }
}

describe('the reference', () => {
  it('of decode with splits equals plain attention', () => {
    const query = random(3 * 9 * 14, 1, 2)
    const entries = random(70 * 3 * 28, 2)
    const shape = { ...ODD_SIZES, softmaxScale: 0.3 }
    const partial = gqa_decode(query, entries, shape, 32)
    expectClose(gqa_combine(partial, 14, 3), gqa_prefill(query, entries, shape), 1e-12)
  })

  it('treats shared keys like copies of the keys', () => {
    const query = random(9 * 14, 1, 2)
    const entries = random(5 * 3 * 28, 2)
    const copied = Float64Array.from({ length: 5 * 9 * 28 }, (_, i) => {
      const [position, head, column] = [Math.floor(i / 252), Math.floor(i / 14) % 18, i % 14]
      const group = Math.floor((head % 9) / 3) + (head < 9 ? 0 : 3)
      return entries[position * 84 + group * 14 + column] ?? 0
    })
    const shape = { ...ODD_SIZES, softmaxScale: 0.3 }
    const expected = gqa_prefill(query, copied, { ...shape, kvHeads: 9 })
    expectClose(gqa_prefill(query, entries, shape), expected, 0)
  })
})

it.each([
  [1, 128, 1, 1],
  [7, 128, 7, 1],
  [9, 14, 5, 2],
  [8, 256, 4, 2],
  [65, 6, 8, 9],
])(
  'plainGqaTiles divides a group of %i heads of width %i',
  (group, key, headsPerWorkgroup, workgroupsPerGroup) => {
    const expected: GqaTiles = { module: 'attention/gqa_tile', headsPerWorkgroup, workgroupsPerGroup }
    expect(plainGqaTiles(group, key)).toEqual(expected)
  },
)

describeOnAdapters('heads', (adapter) => {
  let device: Device
  beforeAll(async () => {
    device = await openAdapter(adapter)
  })
  afterAll(() => device.destroy())

  it('gqa_write keeps numbers beyond the range of f16 finite', async () => {
    const shape: GqaShape = { heads: 1, kvHeads: 1, qkHeadDim: 8, vHeadDim: 8 }
    const layer = makeGqaLayer(shape, { kvDtype: 'f16' })
    const inputs = inputsOf(layer, { columns: 24, kOffset: 8, vOffset: 16 }, { bias: false, norm: false })
    const step = { position: 0, tokens: 1, pages: pageTable(1, 1) } // at position 0 nothing is rotated
    const projected = [...BEYOND_F16, ...BEYOND_F16, ...BEYOND_F16]
    const empty = emptyCache(layer, step.pages)
    const { query, cache } = await new GqaKernels(device, layer).write(projected, inputs, empty, step)
    expect([...query]).toEqual([...Float32Array.from(BEYOND_F16)])
    const entry = unpackKvEntries(cache, layer, step.pages, [0, 1])
    expect([...entry]).toEqual([...BEYOND_F16, ...BEYOND_F16].map(nearestF16))
  })

  const open = (shape: GqaShape, options?: Parameters<typeof makeGqaLayer>[1]) => {
    const layer = makeGqaLayer(shape, options)
    return { layer, kernels: new GqaKernels(device, layer) }
  }

  for (const [name, shape, kvDtype, qkRopeDim, ropeInterleaved, has] of [
    ['half-split RoPE, a bias', ODD_SIZES, 'f16', 14, true, { bias: true, norm: false }],
    ['interleaved RoPE, norms', ODD_SIZES, 'f32', 14, false, { bias: false, norm: true }],
    ['RoPE on part of a key, bias and norms', ODD_SIZES, 'f32', 6, true, { bias: true, norm: true }],
    ['neither bias nor norms', EXPANDED, 'f32', 64, false, { bias: false, norm: false }],
    ['the widest heads', WIDE, 'f16', 256, true, { bias: true, norm: true }],
  ] as const) {
    it(`gqa_write: ${name}`, async () => {
      const { layer, kernels } = open(shape, { kvDtype, qkRopeDim, ropeInterleaved, positions: 2000 })
      const kOffset = layer.heads * layer.qkHeadDim + 5
      const vOffset = kOffset + layer.kvHeads * layer.qkHeadDim + 3
      const columns = vOffset + layer.kvHeads * layer.vHeadDim + 7
      const inputs = inputsOf(layer, { columns, kOffset, vOffset }, has)
      const step = { position: 1000, tokens: 31, pages: pageTable(1031, 3) } // crosses a page boundary
      const projected = random(31 * columns, 1, 3)
      const expected = gqa_write(projected, layer, inputs, 1000)
      const empty = emptyCache(layer, step.pages)
      const reduce = reduceModule(device)
      const written = await kernels.write(projected, { ...inputs, reduce }, empty, step)
      expectClose(written.query, expected.query, TOLERANCE.f32)
      const entries = unpackKvEntries(written.cache, layer, step.pages, [1000, 1031])
      expectClose(entries, expected.entries, TOLERANCE[kvDtype])
      const touched = written.cache.filter((word, i) => word !== empty[i]).length
      expect(touched).toBe((31 * layer.entryWidth) / (kvDtype === 'f16' ? 2 : 1))
    })
  }

  for (const [name, shape, kvDtype, tokens, context, split] of [
    ['one position', ODD_SIZES, 'f32', 1, 1, 64],
    ['groups of three, an empty last split for two rows', ODD_SIZES, 'f32', 3, 130, 64],
    ['tile edges, eight rows', ODD_SIZES, 'f32', 8, 129, 128],
    ['groups of seven, splits within pages', QWEN2_7B, 'f16', 1, 65, 16],
    ['one key for 65 heads', ONE_KEY, 'f16', 2, 66, 36],
    ['keys wider than values, none shared', EXPANDED, 'f16', 2, 90, 64],
    ['the widest heads', WIDE, 'f16', 1, 100, 64],
  ] as const) {
    it(`gqa_decode, gqa_combine: ${name}`, async () => {
      const { layer, kernels } = open(shape, { kvDtype })
      const { pages, cache, entries } = fill(layer, context)
      const query = random(tokens * layer.heads * layer.qkHeadDim, 8, 2)
      const step = { position: context - tokens, tokens, pages }
      const expected = gqa_decode(query, entries, layer, split)
      const partial = await kernels.decode(query, cache, step, split)
      expectClose(partial, expected, TOLERANCE.f32)
      const merged = gqa_combine(expected, layer.vHeadDim, Math.ceil(context / split))
      expectClose(await kernels.combine(expected, step, split), merged, TOLERANCE.f32)
      expectClose(merged, gqa_prefill(query, entries, layer), 1e-12)
    })
  }

  it('gqa_decode handles one huge score and equal scores', async () => {
    const { layer, kernels } = open(ODD_SIZES)
    const pages = pageTable(70, 1)
    const entries = random(70 * layer.entryWidth, 6)
    entries.fill(0, 0, 40 * layer.entryWidth) // 40 equal scores
    for (let i = 0; i < 14; i++) entries[65 * layer.entryWidth + i] = 1000
    const cache = packKvEntries(entries, layer, pages)
    const query = random(9 * 14, 8, 2)
    const expected = gqa_decode(query, entries, layer, 64)
    const step = { position: 69, tokens: 1, pages }
    expectClose(await kernels.decode(query, cache, step, 64), expected, TOLERANCE.f32)
  })

  it('gqa_combine ignores an empty split, and one huge score dominates', async () => {
    const { kernels } = open(ODD_SIZES)
    const part = (largest: number, total: number, seed: number) => [...random(14, seed), largest, total]
    const head = (seed: number) => [
      part(-3, 2, seed),
      part(700, 1, seed + 1),
      [...new Array(14).fill(0), -1e30, 0],
    ]
    const partial = Float64Array.from(Array.from({ length: 9 }, (_, h) => head(2 * h)).flat(2))
    const expected = gqa_combine(partial, 14, 3)
    expectClose(await kernels.combine(partial, { position: 2, tokens: 1 }, 1), expected, TOLERANCE.f32)
  })

  for (const [name, shape, kvDtype, position, tokens] of [
    ['one row', ODD_SIZES, 'f32', 0, 1],
    ['tile edges', ODD_SIZES, 'f32', 0, 33],
    ['a chunk after a long context', ODD_SIZES, 'f32', 90, 40],
    ['keys wider than values, none shared', EXPANDED, 'f16', 3, 32],
    ['the widest heads, one key for all', WIDE, 'f16', 10, 35],
  ] as const) {
    it(`gqa_prefill: ${name}`, async () => {
      const { layer, kernels } = open(shape, { kvDtype })
      const { pages, cache, entries } = fill(layer, position + tokens)
      const query = random(tokens * layer.heads * layer.qkHeadDim, 10)
      const expected = gqa_prefill(query, entries, layer)
      expectClose(await kernels.prefill(query, cache, { position, tokens, pages }), expected, TOLERANCE.f32)
    })
  }
})
