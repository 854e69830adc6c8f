// Runs single MLA attention kernels on plain arrays; adds layout, padding and page tables.
import type { Device } from '../../src/gpu/device.ts'
import { chooseDispatchSizes } from '../../src/gpu/dispatch-sizes.ts'
import { type MatmulTiles, tileModules } from '../../src/kernels/linear.ts'
import {
  chooseAttentionTiles,
  MLA_HEAD_TILE,
  mlaAbsorbQ,
  mlaCombineSplits,
  mlaDecode,
  mlaExpandKv,
  mlaPrefill,
  mlaWrite,
  ropeQuery,
} from '../../src/kernels/mla.ts'
import { type KernelData, runKernel } from './kernel.ts'
import type { KvDtype } from './kv-cache.ts'
import type { MlaLayer } from './mla-layer.ts'
import { ceilDiv, padRows, padTo16, unpadRows, withLeadingColumns, zeroRows } from './numbers.ts'
import { SPLITS, type StepRows, usedSplits, withUnusedSplits } from './steps.ts'
import { chosenTiles } from './tiles.ts'

/** A layer whose cache may also store latents in FP8. */
type MlaTestLayer = Omit<MlaLayer, 'kvDtype'> & { readonly kvDtype: KvDtype | 'fp8' }

const headConstants = ({ heads, qkNopeDim, qkRopeDim, vHeadDim, kvLoraRank }: MlaTestLayer) => ({
  HEADS: heads,
  NOPE: qkNopeDim,
  ROPE: qkRopeDim,
  VALUE: vHeadDim,
  LATENT: kvLoraRank,
})

/** The query begins `offset` columns into its row, as when query and latent come from one matmul. */
const queryConstants = (layer: MlaTestLayer, offset: number) => ({
  Q_OFFSET: offset,
  Q_STRIDE: padTo16(offset + layer.heads * layer.width),
  ROPE_INTERLEAVED: Number(layer.rotary.ropeInterleaved),
})

/** Projected rows, and how the kernels read them. */
export interface MlaWriteInput {
  readonly projected: ArrayLike<number>
  readonly columns: number // of a projected row
  readonly kvOffset?: number
  readonly norm?: Float32Array
  readonly reduce?: string
}

/** The kernels of a layer on one device. Each takes and returns unpadded rows. */
export class MlaKernels {
  readonly #device: Device
  readonly #layer: MlaTestLayer
  readonly #cacheModule: string
  readonly #workgroup: number // of the kernels of the absorbed form

  constructor(device: Device, layer: MlaTestLayer, sizes = chooseDispatchSizes(device.capabilities)) {
    this.#device = device
    this.#layer = layer
    this.#cacheModule = `cache/${layer.kvDtype}`
    this.#workgroup = sizes.headWorkgroup
  }

  async mlaWrite(input: MlaWriteInput, cache: Uint32Array, { position, tokens, pages }: StepRows) {
    const write = this.#write(input)
    const result = await runKernel(this.#device, {
      kernel: mlaWrite,
      ...write,
      grid: [tokens],
      step: { position, tokens },
      data: { ...write.data, pages, cache },
    })
    return result.cache as Uint32Array<ArrayBuffer>
  }

  /** The absorbed queries, and the cache afterwards. */
  async mlaAbsorbQ(
    query: ArrayLike<number>,
    { offset = 0, ...input }: MlaWriteInput & { readonly offset?: number },
    cache: Uint32Array,
    { position, tokens, pages }: StepRows,
  ) {
    const layer = this.#layer
    const { heads, width, entryWidth } = layer
    const write = this.#write(input)
    const result = await runKernel(this.#device, {
      kernel: mlaAbsorbQ,
      constants: {
        ...write.constants,
        ...headConstants(layer),
        ...queryConstants(layer, offset),
        ...layer.kvB.constants,
        WORKGROUP: this.#workgroup,
      },
      imports: { ...write.imports, ...layer.kvB.imports },
      grid: [heads + 1, tokens],
      step: { position, tokens },
      data: {
        ...write.data,
        query: padRows(withLeadingColumns(query, heads * width, offset), offset + heads * width),
        weights: layer.kvB.words,
        pages,
        absorbed: zeroRows(tokens, heads * entryWidth),
        cache,
      },
    })
    return {
      absorbed: unpadRows(result.absorbed, heads * entryWidth),
      cache: result.cache as Uint32Array<ArrayBuffer>,
    }
  }

  #write({
    projected,
    columns,
    kvOffset = 0,
    norm = new Float32Array(this.#layer.kvLoraRank).fill(1),
    reduce = 'shared/reduce',
  }: MlaWriteInput) {
    const layer = this.#layer
    return {
      constants: {
        PROJECTED_STRIDE: padTo16(columns),
        KV_OFFSET: kvOffset,
        LATENT: layer.kvLoraRank,
        ROPE: layer.qkRopeDim,
        EPSILON: 1e-6,
        ROPE_INTERLEAVED: Number(layer.rotary.ropeInterleaved),
        WORKGROUP: 64,
      },
      imports: { reduce, pack: `pack/${layer.kvDtype}` },
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
        NOPE: layer.qkNopeDim,
        ROPE: layer.qkRopeDim,
        ...queryConstants(layer, offset),
        WORKGROUP: 64,
      },
      grid: [ceilDiv((heads * layer.qkRopeDim) / 2, 64), tokens],
      step: { position, tokens },
      data: {
        rotations: layer.rotations,
        query: padRows(withLeadingColumns(query, heads * width, offset), cols),
      },
    })
    return unpadRows(result.query, cols)
  }

  /** Partial results [tokens, heads, splits in use, latent + 2]. */
  async mlaDecode(
    absorbed: ArrayLike<number>,
    cache: KernelData,
    { position, tokens, pages }: StepRows,
    split: number,
  ) {
    const layer = this.#layer
    const { heads, kvLoraRank, entryWidth } = layer
    const splits = ceilDiv(position + tokens, split)
    const result = await runKernel(this.#device, {
      kernel: mlaDecode,
      constants: {
        HEADS: heads,
        LATENT: kvLoraRank,
        ROPE: layer.qkRopeDim,
        SPLITS,
        SCALE: layer.softmaxScale,
      },
      imports: {
        cache: this.#cacheModule,
        mlaTile: chooseAttentionTiles(this.#device.capabilities.variants).mlaTile,
      },
      grid: [splits, ceilDiv(heads, MLA_HEAD_TILE), tokens],
      step: { position, tokens, split },
      data: {
        absorbed: padRows(absorbed, heads * entryWidth),
        pages,
        cache,
        output: new Float32Array(tokens * heads * SPLITS * (kvLoraRank + 2)),
      },
    })
    return usedSplits(result.output, kvLoraRank + 2, splits)
  }

  async mlaCombineSplits(
    partial: ArrayLike<number>,
    { position, tokens }: Omit<StepRows, 'pages'>,
    split: number,
  ) {
    const layer = this.#layer
    const { heads, vHeadDim, kvLoraRank } = layer
    const { ROPE: _, ...constants } = headConstants(layer)
    const { output } = await runKernel(this.#device, {
      kernel: mlaCombineSplits,
      constants: { ...constants, SPLITS, ...layer.kvB.constants, WORKGROUP: this.#workgroup },
      imports: layer.kvB.imports,
      grid: [heads, tokens],
      step: { position, tokens, split },
      data: {
        partial: withUnusedSplits(partial, kvLoraRank + 2, ceilDiv(position + tokens, split)),
        weights: layer.kvB.words,
        output: zeroRows(tokens, heads * vHeadDim),
      },
    })
    return unpadRows(output, heads * vHeadDim)
  }

  /** Block `index` of the context, padded as in the engine: [block, heads * (nope + value)]. */
  async mlaExpandKv(
    cache: KernelData,
    { position, tokens, pages }: StepRows,
    {
      block,
      index,
      tiles = chosenTiles(this.#device.capabilities)[0],
    }: { block: number; index: number; tiles?: MatmulTiles },
  ) {
    const layer = this.#layer
    const { heads, vHeadDim } = layer
    const columns = heads * (layer.qkNopeDim + vHeadDim)
    const { expanded } = await runKernel(this.#device, {
      kernel: mlaExpandKv,
      constants: { ...headConstants(layer), BLOCK: block, ...layer.kvB.constants },
      imports: { ...layer.kvB.imports, cache: this.#cacheModule, ...tileModules(tiles) },
      grid: [ceilDiv(columns, tiles.outs), block / tiles.rows],
      step: { position, tokens },
      data: {
        block: Uint32Array.of(index, 0, 0, 0),
        pages,
        cache,
        weights: layer.kvB.words,
        expanded: zeroRows(block, columns),
      },
    })
    return expanded
  }

  /** Runs block after block, each of `block` positions; `query` is already rotated. */
  async mlaPrefill(
    query: ArrayLike<number>,
    { expanded, block }: { readonly expanded: readonly KernelData[]; readonly block: number },
    cache: KernelData,
    { position, tokens, pages }: StepRows,
  ) {
    const layer = this.#layer
    const { heads, vHeadDim, width } = layer
    const tiles = chooseAttentionTiles(this.#device.capabilities.variants)
    let output: KernelData = zeroRows(tokens, heads * vHeadDim)
    let state: KernelData = new Float32Array(tokens * heads * 2).fill(Number.NaN)
    for (let index = 0; index * block < position + tokens; index++) {
      const result: Record<'output' | 'state', KernelData> = await runKernel(this.#device, {
        kernel: mlaPrefill,
        constants: {
          ...headConstants(layer),
          BLOCK: block,
          SCALE: layer.softmaxScale,
          ...queryConstants(layer, 0),
        },
        imports: { cache: this.#cacheModule, prefillTile: tiles.prefillTile },
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
    return unpadRows(output, heads * vHeadDim)
  }
}
