// Runs single GQA attention kernels on plain arrays; adds layout, padding and page tables.
import type { Device } from '../../src/gpu/device.ts'
import {
  chooseGqaTiles,
  type GqaTiles,
  gqaCombine,
  gqaDecode,
  gqaPrefill,
  gqaWrite,
  mlaWriteExpanded,
} from '../../src/kernels/gqa.ts'
import { chooseAttentionTiles } from '../../src/kernels/mla.ts'
import { computeRotaryTable } from '../../src/models/rotary.ts'
import type { GqaInputs, GqaShape } from '../../src/reference/gqa.ts'
import type { RotaryLayout } from '../../src/reference/vector.ts'
import { type KernelData, runKernel } from './kernel.ts'
import type { KvDtype } from './kv-cache.ts'
import { ceilDiv, padRows, padTo16, unpadRows, withLeadingColumns, zeroRows } from './numbers.ts'
import { SPLITS, type StepRows, usedSplits, withUnusedSplits } from './steps.ts'

/** One layer: its sizes, the type of its cache, its rotary table. */
export function makeGqaLayer(
  shape: GqaShape,
  { cache = 'f32' as KvDtype, rope = shape.qkHeadDim, ropeInterleaved = true, positions = 512 } = {},
) {
  const frequencies = Array.from({ length: rope / 2 }, (_, pair) => 10000 ** ((-2 * pair) / rope))
  const rotary: RotaryLayout = { frequencies, ropeInterleaved }
  return {
    ...shape,
    cache,
    rope,
    rotary,
    entryWidth: shape.kvHeads * (shape.qkHeadDim + shape.vHeadDim),
    rotations: computeRotaryTable({ frequencies, attentionFactor: 1 }, positions),
    scale: 1 / Math.sqrt(shape.qkHeadDim),
  }
}
export type GqaLayer = ReturnType<typeof makeGqaLayer>

/** The kernels of a layer on one device. Each takes and returns unpadded rows. */
export class GqaKernels {
  readonly #device: Device
  readonly #layer: GqaLayer
  readonly #sizes: Record<'HEADS' | 'KV_HEADS' | 'KEY' | 'VALUE', number>
  readonly #cacheModule: string

  constructor(device: Device, layer: GqaLayer) {
    this.#device = device
    this.#layer = layer
    this.#sizes = { HEADS: layer.heads, KV_HEADS: layer.kvHeads, KEY: layer.qkHeadDim, VALUE: layer.vHeadDim }
    this.#cacheModule = `cache/${layer.cache}`
  }

  async write(
    projected: ArrayLike<number>,
    columns: number,
    inputs: GqaInputs,
    cache: Uint32Array,
    { position, tokens, pages }: StepRows,
    reduce = 'shared/reduce',
  ) {
    const { heads, kvHeads, qkHeadDim, rope, rotary, rotations } = this.#layer
    const vector = (values: Float64Array) =>
      values.length > 0 ? Float32Array.from(values) : new Float32Array(4)
    const result = await runKernel(this.#device, {
      kernel: gqaWrite,
      constants: {
        ...this.#sizes,
        ROPE: rope,
        PROJECTED_STRIDE: padTo16(columns),
        K_OFFSET: inputs.kOffset,
        V_OFFSET: inputs.vOffset,
        HAS_BIAS: Number(inputs.qkvBias.length > 0),
        HAS_NORM: Number(inputs.qNorm.length > 0),
        EPSILON: inputs.epsilon,
        ROPE_INTERLEAVED: Number(rotary.ropeInterleaved),
      },
      imports: { reduce, cache: this.#cacheModule },
      grid: [heads + 2 * kvHeads, tokens],
      step: { position, tokens },
      data: {
        projected: padRows(projected, columns),
        bias: vector(inputs.qkvBias),
        query_norm: vector(inputs.qNorm),
        key_norm: vector(inputs.kNorm),
        rotations,
        pages,
        query: zeroRows(tokens, heads * qkHeadDim),
        cache,
      },
    })
    return {
      query: unpadRows(result.query, heads * qkHeadDim),
      cache: result.cache as Uint32Array<ArrayBuffer>,
    }
  }

  /** Partial results [tokens, heads, splits in use, value + 2]. */
  async decode(
    query: ArrayLike<number>,
    cache: KernelData,
    { position, tokens, pages }: StepRows,
    split: number,
    tiles?: GqaTiles,
  ) {
    const { heads, kvHeads, qkHeadDim, vHeadDim, scale } = this.#layer
    const splits = ceilDiv(position + tokens, split)
    const defaultTiles = chooseGqaTiles(heads / kvHeads, qkHeadDim, this.#device.capabilities.variants)
    const { module, headsPerWorkgroup, workgroupsPerGroup } = tiles ?? defaultTiles
    const result = await runKernel(this.#device, {
      kernel: gqaDecode,
      constants: { ...this.#sizes, HEAD_TILE: headsPerWorkgroup, SPLITS, SCALE: scale },
      imports: { cache: this.#cacheModule, gqaTile: module },
      grid: [splits, kvHeads * workgroupsPerGroup, tokens],
      step: { position, tokens, split },
      data: {
        query: padRows(query, heads * qkHeadDim),
        pages,
        cache,
        output: new Float32Array(tokens * heads * SPLITS * (vHeadDim + 2)),
      },
    })
    return usedSplits(result.output, vHeadDim + 2, splits)
  }

  async combine(partial: ArrayLike<number>, { position, tokens }: Omit<StepRows, 'pages'>, split: number) {
    const { heads, vHeadDim } = this.#layer
    const { output } = await runKernel(this.#device, {
      kernel: gqaCombine,
      constants: { HEADS: heads, VALUE: vHeadDim, SPLITS },
      grid: [heads, tokens],
      step: { position, tokens, split },
      data: {
        partial: withUnusedSplits(partial, vHeadDim + 2, ceilDiv(position + tokens, split)),
        output: zeroRows(tokens, heads * vHeadDim),
      },
    })
    return unpadRows(output, heads * vHeadDim)
  }

  /** Writes expanded keys and values; the shared key begins 3 columns into its row. */
  async writeExpanded(
    query: ArrayLike<number>,
    expanded: ArrayLike<number>,
    shared: ArrayLike<number>,
    cache: Uint32Array,
    { position, tokens, pages }: StepRows,
  ) {
    const { heads, kvHeads, qkHeadDim, vHeadDim, rope, rotary, rotations } = this.#layer
    const nope = qkHeadDim - rope
    const result = await runKernel(this.#device, {
      kernel: mlaWriteExpanded,
      constants: {
        HEADS: heads,
        KV_HEADS: kvHeads,
        NOPE: nope,
        ROPE: rope,
        VALUE: vHeadDim,
        PROJECTED_STRIDE: padTo16(rope + 3),
        Q_STRIDE: padTo16(heads * qkHeadDim),
        K_OFFSET: 3,
        ROPE_INTERLEAVED: Number(rotary.ropeInterleaved),
      },
      imports: { cache: this.#cacheModule },
      grid: [heads + 2 * kvHeads, tokens],
      step: { position, tokens },
      data: {
        projected: padRows(withLeadingColumns(shared, rope, 3), rope + 3),
        source: padRows(query, heads * qkHeadDim),
        expanded: padRows(expanded, kvHeads * (nope + vHeadDim)),
        rotations,
        pages,
        query: zeroRows(tokens, heads * qkHeadDim),
        cache,
      },
    })
    return {
      query: unpadRows(result.query, heads * qkHeadDim),
      cache: result.cache as Uint32Array<ArrayBuffer>,
    }
  }

  async prefill(query: ArrayLike<number>, cache: KernelData, { position, tokens, pages }: StepRows) {
    const tiles = chooseAttentionTiles(this.#device.capabilities.variants)
    const { heads, qkHeadDim, vHeadDim, scale } = this.#layer
    const { output } = await runKernel(this.#device, {
      kernel: gqaPrefill,
      constants: { ...this.#sizes, SCALE: scale },
      imports: { cache: this.#cacheModule, prefillTile: tiles.prefillTile },
      grid: [ceilDiv(tokens, tiles.rows), heads],
      step: { position, tokens },
      data: {
        query: padRows(query, heads * qkHeadDim),
        pages,
        cache,
        output: zeroRows(tokens, heads * vHeadDim),
      },
    })
    return unpadRows(output, heads * vHeadDim)
  }
}
