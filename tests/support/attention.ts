// Runs single MLA attention kernels on plain arrays; adds layout, padding and page tables.
import type { Device } from '../../src/gpu/device.ts'
import {
  attendPrefill,
  chooseAttentionTiles,
  expandLatent,
  latentAttend,
  latentEnter,
  latentHeadTile,
  latentMerge,
  latentWrite,
  ropeQuery,
} from '../../src/kernels/attention.ts'
import { TILES, type Tiles } from '../../src/kernels/linear.ts'
import type { KvDtype } from './cache.ts'
import { type KernelData, runKernel } from './kernel.ts'
import type { Layer } from './layer.ts'
import { ceilDiv, padRows, padTo16, unpadRows, withLeadingColumns, zeroRows } from './numbers.ts'
import { SPLITS, type StepRows, usedSplits, withUnusedSplits } from './steps.ts'

/** A layer whose cache may also store latents in FP8. */
type MlaTestLayer = Omit<Layer, 'cache'> & { readonly cache: KvDtype | 'fp8' }

const headConstants = ({ heads, nope, rope, value, latent }: MlaTestLayer) => ({
  HEADS: heads,
  NOPE: nope,
  ROPE: rope,
  VALUE: value,
  LATENT: latent,
})

/** The query begins `offset` columns into its row, as when query and latent come from one matmul. */
const queryConstants = (layer: MlaTestLayer, offset: number) => ({
  Q_OFFSET: offset,
  Q_STRIDE: padTo16(offset + layer.heads * layer.width),
  HALF_SPLIT: Number(layer.rotary.halfSplit),
})

export interface MlaWriteOptions {
  readonly kvOffset?: number
  readonly norm?: Float32Array
  readonly reduce?: string
}

/** The kernels of a layer on one device. Each takes and returns unpadded rows. */
export class LayerKernels {
  readonly #device: Device
  readonly #layer: MlaTestLayer
  readonly #cacheModule: string

  constructor(device: Device, layer: MlaTestLayer) {
    this.#device = device
    this.#layer = layer
    this.#cacheModule = `cache/${layer.cache}`
  }

  async latentWrite(
    projected: ArrayLike<number>,
    columns: number,
    options: MlaWriteOptions,
    cache: Uint32Array,
    { position, tokens, pages }: StepRows,
  ) {
    const write = this.#write(projected, columns, options)
    const result = await runKernel(this.#device, {
      kernel: latentWrite,
      ...write,
      grid: [tokens],
      step: { position, tokens },
      data: { ...write.data, pages, cache },
    })
    return result.cache as Uint32Array<ArrayBuffer>
  }

  /** The absorbed queries, and the cache afterwards. */
  async latentEnter(
    query: ArrayLike<number>,
    projected: ArrayLike<number>,
    columns: number,
    options: MlaWriteOptions & { readonly offset?: number },
    cache: Uint32Array,
    { position, tokens, pages }: StepRows,
  ) {
    const layer = this.#layer
    const { heads, width, record } = layer
    const { offset = 0 } = options
    const write = this.#write(projected, columns, options)
    const result = await runKernel(this.#device, {
      kernel: latentEnter,
      constants: {
        ...write.constants,
        ...headConstants(layer),
        ...queryConstants(layer, offset),
        ...layer.expand.constants,
      },
      imports: { ...write.imports, ...layer.expand.imports },
      grid: [heads + 1, tokens],
      step: { position, tokens },
      data: {
        ...write.data,
        query: padRows(withLeadingColumns(query, heads * width, offset), offset + heads * width),
        weights: layer.expand.words,
        pages,
        absorbed: zeroRows(tokens, heads * record),
        cache,
      },
    })
    return {
      absorbed: unpadRows(result.absorbed, heads * record),
      cache: result.cache as Uint32Array<ArrayBuffer>,
    }
  }

  #write(
    projected: ArrayLike<number>,
    columns: number,
    {
      kvOffset = 0,
      norm = new Float32Array(this.#layer.latent).fill(1),
      reduce = 'shared/reduce',
    }: MlaWriteOptions,
  ) {
    const layer = this.#layer
    return {
      constants: {
        P_STRIDE: padTo16(columns),
        KV_OFFSET: kvOffset,
        LATENT: layer.latent,
        ROPE: layer.rope,
        EPSILON: 1e-6,
        HALF_SPLIT: Number(layer.rotary.halfSplit),
        WORKGROUP: 64,
      },
      imports: { reduce, pack: `pack/${layer.cache}` },
      data: { projected: padRows(projected, columns), latent_norm: norm, rotations: layer.rotations },
    }
  }

  async ropeQuery(query: ArrayLike<number>, { position, tokens }: Omit<StepRows, 'pages'>, offset = 0) {
    const layer = this.#layer
    const { heads, width } = layer
    const cols = offset + heads * width
    const result = await runKernel(this.#device, {
      kernel: ropeQuery,
      constants: {
        HEADS: heads,
        NOPE: layer.nope,
        ROPE: layer.rope,
        ...queryConstants(layer, offset),
        WORKGROUP: 64,
      },
      grid: [ceilDiv((heads * layer.rope) / 2, 64), tokens],
      step: { position, tokens },
      data: {
        rotations: layer.rotations,
        query: padRows(withLeadingColumns(query, heads * width, offset), cols),
      },
    })
    return unpadRows(result.query, cols)
  }

  /** Partial results [tokens, heads, splits in use, latent + 2]. */
  async latentAttend(
    absorbed: ArrayLike<number>,
    cache: KernelData,
    { position, tokens, pages }: StepRows,
    split: number,
    attend = chooseAttentionTiles(this.#device.capabilities.variants).attend,
  ) {
    const layer = this.#layer
    const { heads, latent, record } = layer
    const splits = ceilDiv(position + tokens, split)
    const result = await runKernel(this.#device, {
      kernel: latentAttend,
      constants: { HEADS: heads, LATENT: latent, ROPE: layer.rope, SPLITS, SCALE: layer.scale },
      imports: { cache: this.#cacheModule, attend },
      grid: [splits, ceilDiv(heads, latentHeadTile), tokens],
      step: { position, tokens, split },
      data: {
        absorbed: padRows(absorbed, heads * record),
        pages,
        cache,
        output: new Float32Array(tokens * heads * SPLITS * (latent + 2)),
      },
    })
    return usedSplits(result.output, latent + 2, splits)
  }

  async latentMerge(
    partial: ArrayLike<number>,
    { position, tokens }: Omit<StepRows, 'pages'>,
    split: number,
  ) {
    const layer = this.#layer
    const { heads, value, latent } = layer
    const { ROPE: _, ...constants } = headConstants(layer)
    const { output } = await runKernel(this.#device, {
      kernel: latentMerge,
      constants: { ...constants, SPLITS, ...layer.expand.constants },
      imports: layer.expand.imports,
      grid: [heads, tokens],
      step: { position, tokens, split },
      data: {
        partial: withUnusedSplits(partial, latent + 2, ceilDiv(position + tokens, split)),
        weights: layer.expand.words,
        output: zeroRows(tokens, heads * value),
      },
    })
    return unpadRows(output, heads * value)
  }

  /** Block `index` of the context, padded as in the engine: [block, heads * (nope + value)]. */
  async expandLatent(
    cache: KernelData,
    { position, tokens, pages }: StepRows,
    {
      block,
      index,
      tiles = TILES[this.#device.capabilities.variants.products],
    }: { block: number; index: number; tiles?: Tiles },
  ) {
    const layer = this.#layer
    const { heads, value } = layer
    const columns = heads * (layer.nope + value)
    const { expanded } = await runKernel(this.#device, {
      kernel: expandLatent,
      constants: { ...headConstants(layer), BLOCK: block, ...layer.expand.constants },
      imports: { ...layer.expand.imports, cache: this.#cacheModule, products: tiles.module },
      grid: [ceilDiv(columns, tiles.outs), block / tiles.rows],
      step: { position, tokens },
      data: {
        block: Uint32Array.of(index, 0, 0, 0),
        pages,
        cache,
        weights: layer.expand.words,
        expanded: zeroRows(block, columns),
      },
    })
    return expanded
  }

  /** Runs block after block; `query` is already rotated. */
  async attendPrefill(
    query: ArrayLike<number>,
    expanded: readonly KernelData[],
    cache: KernelData,
    { position, tokens, pages }: StepRows,
    block: number,
  ) {
    const layer = this.#layer
    const { heads, value, width } = layer
    const tiles = chooseAttentionTiles(this.#device.capabilities.variants)
    let output: KernelData = zeroRows(tokens, heads * value)
    let state: KernelData = new Float32Array(tokens * heads * 2).fill(Number.NaN)
    for (let index = 0; index * block < position + tokens; index++) {
      const result: Record<'output' | 'state', KernelData> = await runKernel(this.#device, {
        kernel: attendPrefill,
        constants: { ...headConstants(layer), BLOCK: block, SCALE: layer.scale, ...queryConstants(layer, 0) },
        imports: { cache: this.#cacheModule, prefill: tiles.prefill },
        grid: [ceilDiv(tokens, tiles.rows), heads],
        step: { position, tokens },
        data: {
          block: Uint32Array.of(index, 0, 0, 0),
          query: padRows(query, heads * width),
          expanded: expanded[index] ?? new Float32Array(4),
          pages,
          cache,
          output,
          state,
        },
      })
      output = result.output
      state = result.state
    }
    return unpadRows(output, heads * value)
  }
}
