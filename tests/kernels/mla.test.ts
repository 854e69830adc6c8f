// Tests of the MLA kernels against their f64 references: cache writes, absorbed decode, expanded prefill.
import { afterAll, beforeAll, expect, it } from 'vitest'
import type { Device } from '../../src/gpu/device.ts'
import { chooseDispatchSizes } from '../../src/gpu/dispatch-sizes.ts'
import { reduceModule } from '../../src/models/ops.ts'
import {
  absorbed_query,
  type MlaShape,
  mla_absorb_q,
  mla_combine_splits,
  mla_decode,
  mla_expand_kv,
  mla_prefill,
  mla_write,
  rope_query,
} from '../../src/reference/mla.ts'
import { describeOnAdapters, openAdapter } from '../support/adapter.ts'
import { emptyCache, packKvEntries, pageTable, unpackKvEntries } from '../support/kv-cache.ts'
import { MlaKernels } from '../support/mla.ts'
import { type MlaLayerOptions, makeMlaLayer } from '../support/mla-layer.ts'
import { expectClose, normals, padRows, TOLERANCE, unpadRows } from '../support/numbers.ts'
import { SPLITS } from '../support/steps.ts'
import { allTiles, chosenTiles } from '../support/tiles.ts'

const ODD_SIZES: MlaShape = { heads: 3, qkNopeDim: 22, qkRopeDim: 10, vHeadDim: 26, kvLoraRank: 134 }
const WIDE: MlaShape = { heads: 2, qkNopeDim: 192, qkRopeDim: 64, vHeadDim: 256, kvLoraRank: 512 }
const MANY: MlaShape = { heads: 17, qkNopeDim: 6, qkRopeDim: 2, vHeadDim: 4, kvLoraRank: 64 }

const random = (count: number, seed: number, scale = 1) => Float64Array.from(normals(count, seed, scale))

/** Splits rows of `cols` into blocks as mla_expand_kv writes them, with NaN in rows that do not exist. */
function cutBlocks(rows: Float32Array, cols: number, block: number): Float32Array[] {
  return Array.from({ length: Math.ceil(rows.length / (cols * block)) }, (_, index) => {
    const filled = new Float32Array(block * cols).fill(Number.NaN)
    filled.set(rows.subarray(index * block * cols, (index + 1) * block * cols))
    return padRows(filled, cols)
  })
}

describeOnAdapters('attention', (adapter) => {
  let device: Device
  beforeAll(async () => {
    device = await openAdapter(adapter)
  })
  afterAll(() => device.destroy())

  const open = (shape: MlaShape, options?: MlaLayerOptions) => {
    const layer = makeMlaLayer(shape, options)
    return { layer, kernels: new MlaKernels(device, layer) }
  }

  /** A cache with random KV entries in the layer's format, and the entries as they read back. */
  const fill = ({ layer }: ReturnType<typeof open>, context: number) => {
    const pages = pageTable(context, context)
    const cache = packKvEntries(normals(context * layer.entryWidth, 5), layer, pages)
    return { pages, cache, entries: unpackKvEntries(cache, layer, pages, [0, context]) }
  }

  for (const format of ['f16', 'f32'] as const) {
    for (const ropeInterleaved of [true, false]) {
      const rope = ropeInterleaved ? 'interleaved' : 'half-split'
      it(`mla_write and mla_absorb_q into ${format}, ${rope} RoPE`, async () => {
        const { layer, kernels } = open(ODD_SIZES, { kvDtype: format, ropeInterleaved, positions: 2000 })
        const columns = 198 // 48 others, latent and key, 6 more
        const step = { position: 1000, tokens: 31, pages: pageTable(1031, 3) } // crosses a page boundary
        const projected = random(31 * columns, 1, 3)
        const query = random(31 * 3 * 32, 4)
        const norm = { weight: random(134, 2), epsilon: 1e-6 }
        const rotation = { position: step.position, rotary: layer.rotary }
        const expected = mla_absorb_q(query, layer.kvB.values, layer, [
          projected,
          { columns, kvOffset: 48 },
          norm,
          rotation,
        ])
        const empty = emptyCache(layer, step.pages)
        const expectEntries = (cache: Uint32Array) => {
          const entries = unpackKvEntries(cache, layer, step.pages, [1000, 1031])
          expectClose(entries, expected.entries, TOLERANCE[format])
          const touched = cache.filter((word, i) => word !== empty[i]).length
          expect(touched).toBe((31 * layer.entryWidth) / (format === 'f16' ? 2 : 1))
        }
        const reduce = reduceModule(device)
        const input = { projected, columns, kvOffset: 48, norm: Float32Array.from(norm.weight), reduce }
        expectEntries(await kernels.mlaWrite(input, empty, step))
        const actual = await kernels.mlaAbsorbQ(query, { ...input, offset: 5 }, empty, step)
        expectEntries(actual.cache)
        expectClose(actual.absorbed, expected.absorbed, TOLERANCE.f32)
      })
    }
  }

  it('mla_write at a position far into a long context', async () => {
    const { layer, kernels } = open(ODD_SIZES, { positions: 160_001 })
    const pages = new Uint32Array(2501)
    pages[2500] = 1
    const projected = random(144, 1)
    const norm = { weight: new Float64Array(134).fill(1), epsilon: 1e-6 }
    const rotation = { position: 160_000, rotary: layer.rotary }
    const expected = mla_write(projected, { columns: 144, kvOffset: 0 }, norm, rotation)
    const step = { position: 160_000, tokens: 1, pages }
    const cache = await kernels.mlaWrite({ projected, columns: 144 }, emptyCache(layer, pages), step)
    expectClose(unpackKvEntries(cache, layer, pages, [160_000, 160_001]), expected, TOLERANCE.f32)
  })

  for (const ropeInterleaved of [true, false]) {
    it(`rope_query, ${ropeInterleaved ? 'interleaved' : 'half-split'} RoPE`, async () => {
      const { layer, kernels } = open(ODD_SIZES, { ropeInterleaved })
      const query = random(3 * 3 * 32, 4)
      const rotated = await kernels.ropeQuery(query, { position: 62, tokens: 3 }, 5)
      const expected = rope_query(query, layer, { position: 62, rotary: layer.rotary })
      for (let t = 0; t < 3; t++) {
        expect([...rotated.subarray(t * 101, t * 101 + 5)], 'columns before the query').toEqual([
          7, 7, 7, 7, 7,
        ])
        expectClose(
          rotated.subarray(t * 101 + 5, t * 101 + 101),
          expected.subarray(t * 96, t * 96 + 96),
          TOLERANCE.f32,
        )
      }
    })
  }

  for (const format of ['bf16', 'fp8_block', 'q4', 'a4'] as const) {
    it(`mla_absorb_q, mla_combine_splits, mla_expand_kv with ${format} weights`, async () => {
      const { layer, kernels } = open(ODD_SIZES, { format })
      const onGpu = new MlaKernels(device, layer, chooseDispatchSizes({ software: false }))
      const query = random(2 * 3 * 32, 4)
      const expected = absorbed_query(query, layer.kvB.values, layer, {
        position: 1,
        rotary: layer.rotary,
      })
      const step = { position: 1, tokens: 2, pages: pageTable(3, 1) }
      const empty = emptyCache(layer, step.pages)
      const input = { projected: random(2 * 144, 9), columns: 144 }
      for (const sized of [kernels, onGpu]) {
        const { absorbed } = await sized.mlaAbsorbQ(query, input, empty, step)
        expectClose(absorbed, expected, TOLERANCE.f32)
      }

      const partial = random(2 * 3 * 4 * 136, 6).map((value, i) =>
        i % 136 === 135 ? Math.abs(value) + 1 : value,
      )
      const merged = mla_combine_splits(partial, layer.kvB.values, layer, 4)
      for (const sized of [kernels, onGpu]) {
        const combined = await sized.mlaCombineSplits(partial, { position: 30, tokens: 2 }, 8)
        expectClose(combined, merged, TOLERANCE.f32)
      }

      const { cache, pages, entries } = fill({ layer, kernels }, 70)
      const expanded = mla_expand_kv(entries, layer.kvB.values, layer)
      const { capabilities } = device
      for (const [tiles, tolerance] of format === 'fp8_block'
        ? allTiles(capabilities)
        : [chosenTiles(capabilities)]) {
        const step = { position: 60, tokens: 10, pages }
        const block = await kernels.mlaExpandKv(cache, step, { block: 64, index: 1, tiles })
        expectClose(unpadRows(block, 144).subarray(0, 6 * 144), expanded.subarray(64 * 144), tolerance)
      }
    })
  }

  for (const [name, shape, kvDtype, tokens, context, split] of [
    ['one position', ODD_SIZES, 'f16', 1, 1, 64],
    ['more heads than a tile', MANY, 'f16', 2, 65, 16],
    ['odd sizes, an empty last split', ODD_SIZES, 'f32', 3, 130, 64],
    ['the widest KV entries', WIDE, 'f16', 1, 100, 64],
  ] as const) {
    it(`mla_decode: ${name}`, async () => {
      const opened = open(shape, { kvDtype })
      const { layer, kernels } = opened
      const filled = fill(opened, context)
      const absorbed = random(tokens * layer.heads * layer.entryWidth, 8, 2)
      const step = { position: context - tokens, tokens, pages: filled.pages }
      const expected = mla_decode(absorbed, filled.entries, layer, split)
      const partial = await kernels.mlaDecode(absorbed, filled.cache, step, split)
      expectClose(partial, expected, TOLERANCE.f32)
    })
  }

  it('mla_combine_splits and mla_absorb_q of the widest entries, with the sizes of a GPU', async () => {
    const layer = makeMlaLayer(WIDE)
    const kernels = new MlaKernels(device, layer, chooseDispatchSizes({ software: false }))
    const query = random(2 * 256, 4)
    const step = { position: SPLITS - 1, tokens: 1, pages: pageTable(SPLITS, 1) }
    const expected = absorbed_query(query, layer.kvB.values, layer, { ...step, rotary: layer.rotary })
    const input = { projected: random(576, 9), columns: 576 }
    const { absorbed } = await kernels.mlaAbsorbQ(query, input, emptyCache(layer, step.pages), step)
    expectClose(absorbed, expected, TOLERANCE.f32)
    const partial = random(2 * SPLITS * 514, 6).map((value, i) =>
      i % 514 === 513 ? Math.abs(value) + 1 : value,
    )
    const merged = mla_combine_splits(partial, layer.kvB.values, layer, SPLITS)
    expectClose(await kernels.mlaCombineSplits(partial, step, 1), merged, TOLERANCE.f32)
  })

  it('mla_combine_splits ignores an empty split, and one huge score dominates', async () => {
    const { layer, kernels } = open(ODD_SIZES)
    const part = (largest: number, total: number, seed: number) => [...random(134, seed), largest, total]
    const heads = [part(-3, 2, 1), part(700, 1, 2), [...new Array(134).fill(0), -1e30, 0]]
    const partial = Float64Array.from([...heads, ...heads, ...heads].flat())
    const expected = mla_combine_splits(partial, layer.kvB.values, layer, 3)
    expectClose(
      await kernels.mlaCombineSplits(partial, { position: 2, tokens: 1 }, 1),
      expected,
      TOLERANCE.f32,
    )
  })

  for (const [name, shape, position, tokens, block, ropeInterleaved] of [
    ['one row, half-split RoPE', ODD_SIZES, 0, 1, 32, true],
    ['tile edges, half-split RoPE', ODD_SIZES, 0, 33, 32, true],
    ['a chunk after a long context', ODD_SIZES, 90, 40, 64, false],
    ['the widest heads', WIDE, 10, 35, 32, false],
  ] as const) {
    it(`mla_prefill: ${name}`, async () => {
      const opened = open(shape, { kvDtype: 'f16', ropeInterleaved })
      const { layer, kernels } = opened
      const context = position + tokens
      const { cache, pages, entries } = fill(opened, context)
      const columns = layer.heads * (layer.qkNopeDim + layer.vHeadDim)
      const keys = normals(context * columns, 9)
      const query = random(tokens * layer.heads * layer.width, 10)
      const expected = mla_prefill(query, Float64Array.from(keys), entries, {
        ...layer,
        ropeInterleaved,
      })
      const step = { position, tokens, pages }
      const blocks = { expanded: cutBlocks(keys, columns, block), block }
      expectClose(await kernels.mlaPrefill(query, blocks, cache, step), expected, TOLERANCE.f32)
    })
  }
})
