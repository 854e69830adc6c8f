// Runs single GQA attention kernels on plain arrays; adds layout, padding and page tables.
import type { Device } from '../../src/gpu/device.ts'
import {
  chooseGqaTiles,
  gqaCombine,
  gqaDecode,
  gqaPrefill,
  gqaWrite,
  mlaWriteExpanded,
} from '../../src/kernels/gqa.ts'
import { chooseAttentionTiles } from '../../src/kernels/mla.ts'
import { computeRotaryTable } from '../../src/models/rotary.ts'
import type { ExpandedRows, GqaInputs, GqaShape } from '../../src/reference/gqa.ts'
import type { RotaryLayout } from '../../src/reference/vector.ts'
import { type KernelData, runKernel } from './kernel.ts'
import type { KvDtype } from './kv-cache.ts'
import { ceilDiv, padRows, padTo16, unpadRows, withLeadingColumns, zeroRows } from './numbers.ts'
import { SPLITS, type StepRows, usedSplits, withUnusedSplits } from './steps.ts'

/** One layer: its sizes, the type of its cache, its rotary table. */
export function makeGqaLayer(
  shape: GqaShape,
  { kvDtype = 'f32' as KvDtype, qkRopeDim = shape.qkHeadDim, ropeInterleaved = true, positions = 512 } = {},
) {
  const frequencies = Array.from({ length: qkRopeDim / 2 }, (_, pair) => 10000 ** ((-2 * pair) / qkRopeDim))
  const rotary: RotaryLayout = { frequencies, ropeInterleaved }
  return {
    ...shape,
    kvDtype,
    qkRopeDim,
    rotary,
    entryWidth: shape.kvHeads * (shape.qkHeadDim + shape.vHeadDim),
    rotations: computeRotaryTable({ frequencies, attentionFactor: 1 }, positions),
    softmaxScale: 1 / Math.sqrt(shape.qkHeadDim),
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
    this.#cacheModule = `cache/${layer.kvDtype}`
  }

  async write(
    projected: ArrayLike<number>,
    { reduce = 'shared/reduce', ...inputs }: GqaInputs & { readonly reduce?: string },
    cache: Uint32Array,
    { position, tokens, pages }: StepRows,
  ) {
    const { heads, kvHeads, qkHeadDim, qkRopeDim, rotary, rotations } = this.#layer
    const vector = (values: Float64Array) =>
      values.length > 0 ? Float32Array.from(values) : new Float32Array(4)
    const result = await runKernel(this.#device, {
      kernel: gqaWrite,
      constants: {
        ...this.#sizes,
        ROPE: qkRopeDim,
        PROJECTED_STRIDE: padTo16(inputs.columns),
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
        projected: padRows(projected, inputs.columns),
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
  ) {
    const { heads, kvHeads, qkHeadDim, vHeadDim, softmaxScale } = this.#layer
    const splits = ceilDiv(position + tokens, split)
    const { module, headsPerWorkgroup, workgroupsPerGroup } = chooseGqaTiles(
      heads / kvHeads,
      qkHeadDim,
      this.#device.capabilities.variants,
    )
    const result = await runKernel(this.#device, {
      kernel: gqaDecode,
      constants: { ...this.#sizes, HEAD_TILE: headsPerWorkgroup, SPLITS, SCALE: softmaxScale },
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
    { query, expanded, sharedKey }: ExpandedRows,
    cache: Uint32Array,
    { position, tokens, pages }: StepRows,
  ) {
    const { heads, kvHeads, qkHeadDim, vHeadDim, qkRopeDim, rotary, rotations } = this.#layer
    const qkNopeDim = qkHeadDim - qkRopeDim
    const result = await runKernel(this.#device, {
      kernel: mlaWriteExpanded,
      constants: {
        HEADS: heads,
        KV_HEADS: kvHeads,
        NOPE: qkNopeDim,
        ROPE: qkRopeDim,
        VALUE: vHeadDim,
        PROJECTED_STRIDE: padTo16(qkRopeDim + 3),
        Q_STRIDE: padTo16(heads * qkHeadDim),
        K_OFFSET: 3,
        ROPE_INTERLEAVED: Number(rotary.ropeInterleaved),
      },
      imports: { cache: this.#cacheModule },
      grid: [heads + 2 * kvHeads, tokens],
      step: { position, tokens },
      data: {
        projected: padRows(withLeadingColumns(sharedKey, qkRopeDim, 3), qkRopeDim + 3),
        source: padRows(query, heads * qkHeadDim),
        expanded: padRows(expanded, kvHeads * (qkNopeDim + vHeadDim)),
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
    const { heads, qkHeadDim, vHeadDim, softmaxScale } = this.#layer
    const { output } = await runKernel(this.#device, {
      kernel: gqaPrefill,
      constants: { ...this.#sizes, SCALE: softmaxScale },
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
