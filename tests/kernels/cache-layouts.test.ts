// Tests of the cache layouts: FP8 latents, expanded keys and values, and the bytes that decode reads.
import sources from 'virtual:shaders'
import { afterAll, beforeAll, expect, it } from 'vitest'
import type { Device } from '../../src/gpu/device.ts'
import { write } from '../../src/gpu/kernel.ts'
import { chooseGqaTiles, gqaDecode } from '../../src/kernels/gqa.ts'
import { chooseAttentionTiles, MLA_HEAD_TILE, mlaDecode } from '../../src/kernels/mla.ts'
import { decodeE4M3 } from '../../src/lib/float.ts'
import { kvEntryBytes } from '../../src/models/cache-layout.ts'
import { cacheReadsPerStep } from '../../src/models/layer-cache.ts'
import type { MlaAttention } from '../../src/models/spec.ts'
import { type ExpandedRows, type GqaShape, mla_write_expanded } from '../../src/reference/gqa.ts'
import { type MlaShape, mla_decode, mla_expand_kv, mla_write } from '../../src/reference/mla.ts'
import { ADAPTERS, describeOnAdapters, openAdapter } from '../support/adapter.ts'
import { type Fp8EntryShape, fp8EntryBytes, packFp8, unpackFp8 } from '../support/fp8-entry.ts'
import { GqaKernels, makeGqaLayer } from '../support/gqa.ts'
import { runKernel } from '../support/kernel.ts'
import {
  BEYOND_F16,
  emptyCache,
  nearestF16,
  PAGE_TOKENS,
  pageTable,
  unpackKvEntries,
} from '../support/kv-cache.ts'
import { MlaKernels } from '../support/mla.ts'
import { makeMlaLayer } from '../support/mla-layer.ts'
import { ceilDiv, expectClose, normals, TOLERANCE } from '../support/numbers.ts'
import { tamperedShader } from '../support/tampered-shader.ts'

// The last word of codes is half full, and the last scale group has 6 latents.
const ODD_SIZES: MlaShape = { heads: 3, qkNopeDim: 22, qkRopeDim: 10, vHeadDim: 26, kvLoraRank: 134 }
const SPLIT = 64

const random = (count: number, seed: number, scale = 1) => Float64Array.from(normals(count, seed, scale))

describeOnAdapters('cache layouts', (adapter) => {
  let device: Device
  beforeAll(async () => {
    device = await openAdapter(adapter)
  })
  afterAll(() => device.destroy())

  const openFp8 = (shape: MlaShape, positions = 512) => {
    const layer = { ...makeMlaLayer(shape, { positions }), kvDtype: 'fp8' as const }
    return { layer, kernels: new MlaKernels(device, layer) }
  }
  const emptyFp8 = (pages: Uint32Array, shape: Fp8EntryShape) =>
    new Uint32Array(((Math.max(...pages) + 1) * PAGE_TOKENS * fp8EntryBytes(shape)) / 4)

  it('mla_write rounds a latent to the nearest FP8 codes and changes nothing else', async () => {
    const { layer, kernels } = openFp8(ODD_SIZES, 2000)
    const step = { position: 1000, tokens: 31, pages: pageTable(1031, 3) }
    const projected = random(31 * 144, 1, 3)
    projected.fill(0, 5 * 144, 6 * 144) // a latent of zeros
    const weight = random(134, 2, 1e-3)
    weight.fill(300, 128) // the last group has another scale
    const entries = mla_write(
      projected,
      { columns: 144, kvOffset: 0 },
      { weight, epsilon: 1e-6 },
      { position: 1000, rotary: layer.rotary },
    )
    const input = { projected, columns: 144, norm: Float32Array.from(weight) }
    const written = await kernels.mlaWrite(input, emptyFp8(step.pages, layer), step)
    const got = unpackFp8(written, layer, step.pages, [1000, 1031])
    // Values near the middle between two codes may round either way, because the GPU divides in f32.
    for (let row = 0; row < 31; row++) {
      const expected = entries.subarray(row * 144, row * 144 + 144)
      expected.forEach((value, i) => {
        const group = i < 128 ? expected.subarray(0, 128) : expected.subarray(128, 134)
        const largest = group.reduce((max, value) => Math.max(max, Math.abs(value)), 0)
        const step =
          i < 134 ? Math.max(Math.abs(value) / 16, largest / 224 / 1024) : Math.abs(value) / 2048 + 1e-7
        const error = Math.abs((got[row * 144 + i] ?? Number.NaN) - value)
        expect(error, `row ${row}, column ${i}`).toBeLessThanOrEqual(step * 1.0001)
      })
    }
  })

  it.each(['f16', 'fp8'] as const)(
    'mla_write into %s keeps numbers beyond the range of f16 finite',
    async (kvDtype) => {
      const shape: MlaShape = { heads: 1, qkNopeDim: 2, qkRopeDim: 8, vHeadDim: 2, kvLoraRank: 8 }
      const layer = { ...makeMlaLayer(shape), kvDtype }
      const kernels = new MlaKernels(device, layer)
      const input = {
        projected: [...new Array(8).fill(1), ...BEYOND_F16],
        columns: 16,
        norm: Float32Array.from(BEYOND_F16), // of a latent of ones
      }
      const step = { position: 0, tokens: 1, pages: pageTable(1, 1) } // at position 0 nothing is rotated
      const written = await kernels.mlaWrite(input, new Uint32Array(3 * PAGE_TOKENS * 8), step)
      const entries =
        kvDtype === 'fp8'
          ? unpackFp8(written, layer, step.pages, [0, 1])
          : unpackKvEntries(written, { ...layer, kvDtype }, step.pages, [0, 1])
      if (kvDtype === 'f16') expectClose(entries.subarray(0, 8), BEYOND_F16.map(nearestF16), TOLERANCE.f16)
      expect([...entries.subarray(8)]).toEqual(BEYOND_F16.map(nearestF16))
    },
  )

  it('mla_expand_kv decodes every finite FP8 code exactly, including subnormals', async () => {
    const shape: MlaShape = { heads: 1, qkNopeDim: 128, qkRopeDim: 2, vHeadDim: 128, kvLoraRank: 256 }
    const { layer, kernels } = openFp8(shape)
    const identity = Float32Array.from({ length: 256 * 256 }, (_, i) => Number(i % 257 === 0))
    layer.kvB.words.set(new Uint32Array(identity.buffer))
    const pages = pageTable(1, 1)
    const cache = emptyFp8(pages, shape)
    const view = new DataView(cache.buffer, (pages[0] ?? 0) * PAGE_TOKENS * fp8EntryBytes(shape))
    // All codes except the two NaN codes.
    for (let code = 0; code < 256; code++) view.setUint8(code, code % 128 === 127 ? 0 : code)
    view.setUint16(256, (127 - 100) << 7, true) // 2^-100: far outside the range of f16
    view.setUint16(258, (127 + 3) << 7, true)
    const expanded = await kernels.mlaExpandKv(
      cache,
      { position: 0, tokens: 1, pages },
      { block: 32, index: 0 },
    )
    const expected = Float64Array.from({ length: 256 }, (_, code) =>
      code % 128 === 127 ? 0 : decodeE4M3(code) * 2 ** (code < 128 ? -100 : 3),
    )
    expect([...expanded.subarray(0, 256)].map((value) => value + 0)).toEqual(
      [...expected].map((value) => value + 0),
    )
  })

  it('mla_decode and mla_expand_kv read FP8 KV entries', async () => {
    const { layer, kernels } = openFp8(ODD_SIZES)
    const pages = pageTable(130, 7)
    const cache = packFp8(random(130 * 144, 5), layer, pages)
    const entries = unpackFp8(cache, layer, pages, [0, 130])
    const step = { position: 128, tokens: 2, pages }
    const absorbed = random(2 * 3 * 144, 8, 2)
    const expected = mla_decode(absorbed, entries, layer, SPLIT)
    expectClose(await kernels.mlaDecode(absorbed, cache, step, SPLIT), expected, TOLERANCE.f32)
    const expanded = await kernels.mlaExpandKv(cache, step, { block: 32, index: 4 })
    const rows = mla_expand_kv(entries, layer.kvB.values, layer).subarray(128 * 144)
    expectClose(expanded.subarray(0, rows.length), rows, TOLERANCE.f32)
  })

  for (const [kvHeads, kvDtype, ropeInterleaved] of [
    [6, 'f32', false],
    [1, 'f16', true],
  ] as const) {
    const ropeOrder = ropeInterleaved ? 'interleaved' : 'half-split'
    it(`mla_write_expanded: ${kvHeads} KV heads of 6, ${ropeOrder} RoPE`, async () => {
      const shape: GqaShape = { heads: 6, kvHeads, qkHeadDim: 32, vHeadDim: 26 }
      const layer = makeGqaLayer(shape, { kvDtype, qkRopeDim: 10, ropeInterleaved, positions: 2000 })
      const step = { position: 1000, tokens: 31, pages: pageTable(1031, 3) }
      const rows: ExpandedRows = {
        query: random(31 * 6 * 32, 1),
        expanded: random(31 * kvHeads * 48, 2),
        sharedKey: random(31 * 10, 3),
      }
      const expected = mla_write_expanded(rows, shape, { position: 1000, rotary: layer.rotary })
      const empty = emptyCache(layer, step.pages)
      const written = await new GqaKernels(device, layer).writeExpanded(rows, empty, step)
      expectClose(written.query, expected.query, TOLERANCE.f32)
      const entries = unpackKvEntries(written.cache, layer, step.pages, [1000, 1031])
      expectClose(entries, expected.entries, TOLERANCE[kvDtype])
      const touched = written.cache.filter((word, i) => word !== empty[i]).length
      expect(touched).toBe((31 * layer.entryWidth) / (kvDtype === 'f16' ? 2 : 1))
    })
  }
})

describeOnAdapters(
  'bytes read in a decode step',
  (adapter) => {
    let device: Device
    beforeAll(async () => {
      device = await openAdapter(adapter)
    })
    afterAll(() => device.destroy())

    /**
     * The shader of a kernel, changed so that each read of the f16 cache increments the word that it reads.
     */
    const counting = (path: string) => ({
      ...sources,
      ...tamperedShader(
        path,
        'var<storage, read> cache: array<u32>',
        'var<storage, read_write> cache: array<atomic<u32>>',
      ),
      ...tamperedShader(
        'cache/f16',
        'return unpack2x16float(cache[row * (KV_ENTRY / 2) + pair]);',
        'atomicAdd(&cache[row * (KV_ENTRY / 2) + pair], 1u); return vec2<f32>();',
      ),
    })
    const counted = write('atomic<u32>')
    const CONTEXT = 192 // whole splits: gqa_decode reads two positions at a time
    const attention: Omit<MlaAttention, 'heads'> = {
      kind: 'latent',
      qLoraRank: 0,
      kvLoraRank: 32, // eight quads: one for each invocation of subgroup_broadcast_tile
      qkNopeDim: 16,
      qkRopeDim: 8,
      vHeadDim: 32,
      softmaxScale: 1,
      ropeInterleaved: true,
      latentNormEps: 1e-6,
      rotary: { frequencies: [1, 1, 1, 1], attentionFactor: 1 },
    }

    /** Word i of each KV entry of the context was read `times[i]` times, and no other word at all. */
    function expectReads(counts: ArrayLike<number>, pages: Uint32Array, times: readonly number[]): void {
      const expected = new Uint32Array(counts.length)
      for (const page of pages) {
        for (let row = page * PAGE_TOKENS; row < (page + 1) * PAGE_TOKENS; row++)
          expected.set(times, row * times.length)
      }
      expect(Uint32Array.from(counts)).toEqual(expected)
    }

    it.each([16, 17])('mla_decode reads each cached row once for up to 16 heads: %i heads', async (heads) => {
      const { mlaTile } = chooseAttentionTiles(device.capabilities.variants)
      const spec = { ...attention, heads } satisfies MlaAttention
      const words = kvEntryBytes(spec, { kind: 'latent', kvDtype: 'f16' }) / 4
      const pages = pageTable(CONTEXT, 2)
      const { cache } = await runKernel(device, {
        kernel: { ...mlaDecode, bindings: { ...mlaDecode.bindings, cache: counted } },
        shaders: counting('attention/mla_decode'),
        constants: { HEADS: heads, LATENT: 32, ROPE: 8, SPLITS: 3, SCALE: 1 },
        imports: { cache: 'cache/f16', mlaTile },
        grid: [CONTEXT / SPLIT, ceilDiv(heads, MLA_HEAD_TILE), 1],
        step: { position: CONTEXT - 1, tokens: 1, split: SPLIT },
        data: {
          absorbed: new Float32Array(Math.ceil((heads * 40) / 16) * 16),
          pages,
          cache: new Uint32Array((Math.max(...pages) + 1) * PAGE_TOKENS * words),
          output: new Float32Array(heads * 3 * 34),
        },
      })
      const times = cacheReadsPerStep(spec, 'latent', device.capabilities.variants)
      expect(times).toBe(heads === 16 ? 1 : 2)
      // The broadcast variants read a latent a second time for its sums (from the CPU's cache).
      const latentReads = mlaTile === 'attention/mla_tile' ? 1 : 2
      const expected = Array.from({ length: words }, (_, word) => times * (word < 32 / 2 ? latentReads : 1))
      expectReads(cache, pages, expected)
    })

    it.each(['standard', 'mqa'] as const)(
      'gqa_decode reads each cached row as often as counted: %s',
      async (kind) => {
        const spec = { ...attention, heads: 12 } satisfies MlaAttention
        const words = kvEntryBytes(spec, { kind, kvDtype: 'f16' }) / 4
        const pages = pageTable(CONTEXT, 2)
        const kvHeads = kind === 'mqa' ? 1 : 12
        const { module, headsPerWorkgroup, workgroupsPerGroup } = chooseGqaTiles(
          12 / kvHeads,
          24,
          device.capabilities.variants,
        )
        const { cache } = await runKernel(device, {
          kernel: { ...gqaDecode, bindings: { ...gqaDecode.bindings, cache: counted } },
          shaders: counting('attention/gqa_decode'),
          constants: {
            HEADS: 12,
            KV_HEADS: kvHeads,
            KEY: 24,
            VALUE: 32,
            HEAD_TILE: headsPerWorkgroup,
            SPLITS: 3,
            SCALE: 1,
          },
          imports: { cache: 'cache/f16', gqaTile: module },
          grid: [CONTEXT / SPLIT, kvHeads * workgroupsPerGroup, 1],
          step: { position: CONTEXT - 1, tokens: 1, split: SPLIT },
          data: {
            query: new Float32Array(12 * 24),
            pages,
            cache: new Uint32Array((Math.max(...pages) + 1) * PAGE_TOKENS * words),
            output: new Float32Array(12 * 3 * 34),
          },
        })
        expectReads(
          cache,
          pages,
          new Array(words).fill(cacheReadsPerStep(spec, kind, device.capabilities.variants)),
        )
      },
    )
  },
  ADAPTERS.slice(0, 1),
)
