// Runs single GQA attention kernels on plain arrays; adds layout, padding and page tables.
import type { Device } from '../../src/gpu/device.ts'
import { chooseAttentionTiles } from '../../src/kernels/attention.ts'
import {
  chooseHeadTiles,
  expandedWrite,
  type HeadTiles,
  headsAttend,
  headsMerge,
  headsPrefill,
  headsWrite,
} from '../../src/kernels/heads.ts'
import { rotationTable } from '../../src/models/rotary.ts'
import type { GroupShape, HeadInputs } from '../../src/reference/heads.ts'
import type { RotarySpec } from '../../src/reference/vector.ts'
import type { KvDtype } from './cache.ts'
import { type KernelData, runKernel } from './kernel.ts'
import { ceilDiv, padRows, padTo16, unpadRows, withLeadingColumns, zeroRows } from './numbers.ts'
import { SPLITS, type StepRows, usedSplits, withUnusedSplits } from './steps.ts'

/** One layer: its sizes, the type of its cache, its rotary table. */
export function makeGroupLayer(
  shape: GroupShape,
  { cache = 'f32' as KvDtype, rope = shape.key, halfSplit = false, positions = 512 } = {},
) {
  const frequencies = Array.from({ length: rope / 2 }, (_, pair) => 10000 ** ((-2 * pair) / rope))
  const rotary: RotarySpec = { frequencies, halfSplit }
  return {
    ...shape,
    cache,
    rope,
    rotary,
    record: shape.kvHeads * (shape.key + shape.value),
    rotations: rotationTable({ frequencies, magnitude: 1 }, positions),
    scale: 1 / Math.sqrt(shape.key),
  }
}
export type GroupLayer = ReturnType<typeof makeGroupLayer>

/** The kernels of a layer on one device. Each takes and returns unpadded rows. */
export class GroupKernels {
  readonly #device: Device
  readonly #layer: GroupLayer
  readonly #sizes: Record<'HEADS' | 'KV_HEADS' | 'KEY' | 'VALUE', number>
  readonly #cacheModule: string

  constructor(device: Device, layer: GroupLayer) {
    this.#device = device
    this.#layer = layer
    this.#sizes = { HEADS: layer.heads, KV_HEADS: layer.kvHeads, KEY: layer.key, VALUE: layer.value }
    this.#cacheModule = `cache/${layer.cache}`
  }

  async write(
    projected: ArrayLike<number>,
    columns: number,
    inputs: HeadInputs,
    cache: Uint32Array,
    { position, tokens, pages }: StepRows,
    reduce = 'shared/reduce',
  ) {
    const { heads, kvHeads, key, rope, rotary, rotations } = this.#layer
    const vector = (values: Float64Array) =>
      values.length > 0 ? Float32Array.from(values) : new Float32Array(4)
    const result = await runKernel(this.#device, {
      kernel: headsWrite,
      constants: {
        ...this.#sizes,
        ROPE: rope,
        P_STRIDE: padTo16(columns),
        K_OFFSET: inputs.kOffset,
        V_OFFSET: inputs.vOffset,
        BIASED: Number(inputs.bias.length > 0),
        NORMED: Number(inputs.queryNorm.length > 0),
        EPSILON: inputs.epsilon,
        HALF_SPLIT: Number(rotary.halfSplit),
      },
      imports: { reduce, cache: this.#cacheModule },
      grid: [heads + 2 * kvHeads, tokens],
      step: { position, tokens },
      data: {
        projected: padRows(projected, columns),
        bias: vector(inputs.bias),
        query_norm: vector(inputs.queryNorm),
        key_norm: vector(inputs.keyNorm),
        rotations,
        pages,
        query: zeroRows(tokens, heads * key),
        cache,
      },
    })
    return {
      query: unpadRows(result.query, heads * key),
      cache: result.cache as Uint32Array<ArrayBuffer>,
    }
  }

  /** Partial results [tokens, heads, splits in use, value + 2]. */
  async attend(
    query: ArrayLike<number>,
    cache: KernelData,
    { position, tokens, pages }: StepRows,
    split: number,
    tiles?: HeadTiles,
  ) {
    const { heads, kvHeads, key, value, scale } = this.#layer
    const splits = ceilDiv(position + tokens, split)
    const defaultTiles = chooseHeadTiles(heads / kvHeads, key, this.#device.capabilities.variants)
    const { module, tile, count } = tiles ?? defaultTiles
    const result = await runKernel(this.#device, {
      kernel: headsAttend,
      constants: { ...this.#sizes, HEAD_TILE: tile, SPLITS, SCALE: scale },
      imports: { cache: this.#cacheModule, members: module },
      grid: [splits, kvHeads * count, tokens],
      step: { position, tokens, split },
      data: {
        query: padRows(query, heads * key),
        pages,
        cache,
        output: new Float32Array(tokens * heads * SPLITS * (value + 2)),
      },
    })
    return usedSplits(result.output, value + 2, splits)
  }

  async merge(partial: ArrayLike<number>, { position, tokens }: Omit<StepRows, 'pages'>, split: number) {
    const { heads, value } = this.#layer
    const { output } = await runKernel(this.#device, {
      kernel: headsMerge,
      constants: { HEADS: heads, VALUE: value, SPLITS },
      grid: [heads, tokens],
      step: { position, tokens, split },
      data: {
        partial: withUnusedSplits(partial, value + 2, ceilDiv(position + tokens, split)),
        output: zeroRows(tokens, heads * value),
      },
    })
    return unpadRows(output, heads * value)
  }

  /** Writes expanded keys and values; the shared key begins 3 columns into its row. */
  async writeExpanded(
    query: ArrayLike<number>,
    expanded: ArrayLike<number>,
    shared: ArrayLike<number>,
    cache: Uint32Array,
    { position, tokens, pages }: StepRows,
  ) {
    const { heads, kvHeads, key, value, rope, rotary, rotations } = this.#layer
    const nope = key - rope
    const result = await runKernel(this.#device, {
      kernel: expandedWrite,
      constants: {
        HEADS: heads,
        KV_HEADS: kvHeads,
        NOPE: nope,
        ROPE: rope,
        VALUE: value,
        P_STRIDE: padTo16(rope + 3),
        Q_STRIDE: padTo16(heads * key),
        K_OFFSET: 3,
        HALF_SPLIT: Number(rotary.halfSplit),
      },
      imports: { cache: this.#cacheModule },
      grid: [heads + 2 * kvHeads, tokens],
      step: { position, tokens },
      data: {
        projected: padRows(withLeadingColumns(shared, rope, 3), rope + 3),
        source: padRows(query, heads * key),
        expanded: padRows(expanded, kvHeads * (nope + value)),
        rotations,
        pages,
        query: zeroRows(tokens, heads * key),
        cache,
      },
    })
    return {
      query: unpadRows(result.query, heads * key),
      cache: result.cache as Uint32Array<ArrayBuffer>,
    }
  }

  async prefill(query: ArrayLike<number>, cache: KernelData, { position, tokens, pages }: StepRows) {
    const tiles = chooseAttentionTiles(this.#device.capabilities.variants)
    const { heads, key, value, scale } = this.#layer
    const { output } = await runKernel(this.#device, {
      kernel: headsPrefill,
      constants: { ...this.#sizes, SCALE: scale },
      imports: { cache: this.#cacheModule, prefill: tiles.prefill },
      grid: [ceilDiv(tokens, tiles.rows), heads],
      step: { position, tokens },
      data: { query: padRows(query, heads * key), pages, cache, output: zeroRows(tokens, heads * value) },
    })
    return unpadRows(output, heads * value)
  }
}
