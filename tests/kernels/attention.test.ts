// Tests of the MLA kernels against their f64 references: cache writes, absorbed decode, expanded prefill.
import { afterAll, beforeAll, expect, it } from 'vitest'
import type { Device } from '../../src/gpu/device.ts'
import { chooseAttentionTiles } from '../../src/kernels/attention.ts'
import { reduceModule } from '../../src/models/ops.ts'
import {
  absorb_query,
  attend_prefill,
  expand_latent,
  type HeadShape,
  latent_attend,
  latent_enter,
  latent_merge,
  latent_write,
  rope_query,
} from '../../src/reference/attention.ts'
import { describeOnAdapters, openAdapter } from '../support/adapter.ts'
import { LayerKernels } from '../support/attention.ts'
import { emptyCache, packRecords, pageTable, unpackRecords } from '../support/cache.ts'
import { type LayerOptions, makeLayer } from '../support/layer.ts'
import { expectClose, normals, padRows, TOLERANCE, unpadRows } from '../support/numbers.ts'
import { everyTiles, ownTiles } from '../support/tiles.ts'

const ODD_SIZES: HeadShape = { heads: 3, nope: 22, rope: 10, value: 26, latent: 134 }
const WIDE: HeadShape = { heads: 2, nope: 192, rope: 64, value: 256, latent: 512 }
const MANY: HeadShape = { heads: 17, nope: 6, rope: 2, value: 4, latent: 64 }

const random = (count: number, seed: number, scale = 1) => Float64Array.from(normals(count, seed, scale))

/** Splits rows of `cols` into blocks as expand_latent writes them, with NaN in rows that do not exist. */
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

  const open = (shape: HeadShape, options?: LayerOptions) => {
    const layer = makeLayer(shape, options)
    return { layer, kernels: new LayerKernels(device, layer) }
  }

  /** A cache with random KV entries in the layer's format, and the entries as they read back. */
  const fill = ({ layer }: ReturnType<typeof open>, context: number) => {
    const pages = pageTable(context, context)
    const cache = packRecords(normals(context * layer.record, 5), layer.record, pages, layer.cache)
    return { pages, cache, records: unpackRecords(cache, layer.record, pages, layer.cache, [0, context]) }
  }

  for (const format of ['f16', 'f32'] as const) {
    for (const halfSplit of [false, true]) {
      const rope = halfSplit ? 'half-split' : 'interleaved'
      it(`latent_write and latent_enter into ${format}, ${rope} RoPE`, async () => {
        const { layer, kernels } = open(ODD_SIZES, { cache: format, halfSplit, positions: 2000 })
        const columns = 198 // 48 others, latent and key, 6 more
        const place = { position: 1000, tokens: 31, pages: pageTable(1031, 3) } // crosses a page boundary
        const projected = random(31 * columns, 1, 3)
        const query = random(31 * 3 * 32, 4)
        const norm = { weight: random(134, 2), epsilon: 1e-6 }
        const write = [projected, columns, 48, norm, place.position, layer.rotary] as const
        const wanted = latent_enter(query, layer.expand.values, layer, [...write])
        const empty = emptyCache(place.pages, layer.record, format)
        const expectRecords = (cache: Uint32Array) => {
          const records = unpackRecords(cache, layer.record, place.pages, format, [1000, 1031])
          expectClose(records, wanted.records, TOLERANCE[format])
          const touched = cache.filter((word, i) => word !== empty[i]).length
          expect(touched).toBe((31 * layer.record) / (format === 'f16' ? 2 : 1))
        }
        const reduce = reduceModule(device)
        const options = { kvOffset: 48, norm: Float32Array.from(norm.weight), reduce }
        expectRecords(await kernels.latentWrite(projected, columns, options, empty, place))
        const entering = { ...options, offset: 5 }
        const entered = await kernels.latentEnter(query, projected, columns, entering, empty, place)
        expectRecords(entered.cache)
        expectClose(entered.absorbed, wanted.absorbed, TOLERANCE.f32)
      })
    }
  }

  it('latent_write at a position far into a long context', async () => {
    const { layer, kernels } = open(ODD_SIZES, { positions: 160_001 })
    const pages = new Uint32Array(2501)
    pages[2500] = 1
    const projected = random(144, 1)
    const norm = { weight: new Float64Array(134).fill(1), epsilon: 1e-6 }
    const wanted = latent_write(projected, 144, 0, norm, 160_000, layer.rotary)
    const place = { position: 160_000, tokens: 1, pages }
    const cache = await kernels.latentWrite(projected, 144, {}, emptyCache(pages, 144, 'f32'), place)
    expectClose(unpackRecords(cache, 144, pages, 'f32', [160_000, 160_001]), wanted, TOLERANCE.f32)
  })

  for (const halfSplit of [false, true]) {
    it(`rope_query, ${halfSplit ? 'half-split' : 'interleaved'} RoPE`, async () => {
      const { layer, kernels } = open(ODD_SIZES, { halfSplit })
      const query = random(3 * 3 * 32, 4)
      const turned = await kernels.ropeQuery(query, { position: 62, tokens: 3 }, 5)
      const wanted = rope_query(query, layer, 62, layer.rotary)
      for (let t = 0; t < 3; t++) {
        expect([...turned.subarray(t * 101, t * 101 + 5)], 'columns before the query').toEqual([
          7, 7, 7, 7, 7,
        ])
        expectClose(
          turned.subarray(t * 101 + 5, t * 101 + 101),
          wanted.subarray(t * 96, t * 96 + 96),
          TOLERANCE.f32,
        )
      }
    })
  }

  for (const format of ['bf16', 'fp8_block', 'q4'] as const) {
    it(`latent_enter, latent_merge, expand_latent with ${format} weights`, async () => {
      const { layer, kernels } = open(ODD_SIZES, { format })
      const query = random(2 * 3 * 32, 4)
      const wanted = absorb_query(query, layer.expand.values, layer, 1, layer.rotary)
      const place = { position: 1, tokens: 2, pages: pageTable(3, 1) }
      const empty = emptyCache(place.pages, layer.record, layer.cache)
      const { absorbed } = await kernels.latentEnter(query, random(2 * 144, 9), 144, {}, empty, place)
      expectClose(absorbed, wanted, TOLERANCE.f32)

      const partial = random(2 * 3 * 4 * 136, 6).map((value, i) =>
        i % 136 === 135 ? Math.abs(value) + 1 : value,
      )
      const merged = latent_merge(partial, layer.expand.values, layer, 4)
      expectClose(await kernels.latentMerge(partial, { position: 30, tokens: 2 }, 8), merged, TOLERANCE.f32)

      const { cache, pages, records } = fill({ layer, kernels }, 70)
      const expanded = expand_latent(records, layer.expand.values, layer)
      const { capabilities } = device
      for (const [tiles, tolerance] of format === 'fp8_block'
        ? everyTiles(capabilities)
        : [ownTiles(capabilities)]) {
        const place = { position: 60, tokens: 10, pages }
        const block = await kernels.expandLatent(cache, place, { block: 64, index: 1, tiles })
        expectClose(unpadRows(block, 144).subarray(0, 6 * 144), expanded.subarray(64 * 144), tolerance)
      }
    })
  }

  for (const [name, shape, cache, tokens, context, split] of [
    ['one position', ODD_SIZES, 'f16', 1, 1, 64],
    ['more heads than a tile', MANY, 'f16', 2, 65, 16],
    ['odd sizes, an empty last split', ODD_SIZES, 'f32', 3, 130, 64],
    ['the widest KV entries', WIDE, 'f16', 1, 100, 64],
  ] as const) {
    it(`latent_attend: ${name}`, async () => {
      const opened = open(shape, { cache })
      const { layer, kernels } = opened
      const filled = fill(opened, context)
      const absorbed = random(tokens * layer.heads * layer.record, 8, 2)
      const place = { position: context - tokens, tokens, pages: filled.pages }
      const wanted = latent_attend(absorbed, filled.records, layer, layer.scale, split)
      const { attend } = chooseAttentionTiles(device.capabilities.variants)
      const partial = await kernels.latentAttend(absorbed, filled.cache, place, split, attend)
      expectClose(partial, wanted, TOLERANCE.f32)
    })
  }

  it('latent_merge ignores an empty split, and one huge score dominates', async () => {
    const { layer, kernels } = open(ODD_SIZES)
    const part = (largest: number, total: number, seed: number) => [...random(134, seed), largest, total]
    const heads = [part(-3, 2, 1), part(700, 1, 2), [...new Array(134).fill(0), -1e30, 0]]
    const partial = Float64Array.from([...heads, ...heads, ...heads].flat())
    const wanted = latent_merge(partial, layer.expand.values, layer, 3)
    expectClose(await kernels.latentMerge(partial, { position: 2, tokens: 1 }, 1), wanted, TOLERANCE.f32)
  })

  for (const [name, shape, position, tokens, block, halfSplit] of [
    ['one row, half-split RoPE', ODD_SIZES, 0, 1, 32, true],
    ['tile edges, half-split RoPE', ODD_SIZES, 0, 33, 32, true],
    ['a chunk after a long context', ODD_SIZES, 90, 40, 64, false],
    ['the widest heads', WIDE, 10, 35, 32, false],
  ] as const) {
    it(`attend_prefill: ${name}`, async () => {
      const opened = open(shape, { cache: 'f16', halfSplit })
      const { layer, kernels } = opened
      const context = position + tokens
      const { cache, pages, records } = fill(opened, context)
      const columns = layer.heads * (layer.nope + layer.value)
      const keys = normals(context * columns, 9)
      const query = random(tokens * layer.heads * layer.width, 10)
      const wanted = attend_prefill(query, Float64Array.from(keys), records, layer, layer.scale, halfSplit)
      const place = { position, tokens, pages }
      const blocks = cutBlocks(keys, columns, block)
      expectClose(await kernels.attendPrefill(query, blocks, cache, place, block), wanted, TOLERANCE.f32)
    })
  }
})
