// Records multi-head, grouped-query and multi-query attention: keys and values for each group of heads.
import { chooseDispatchSizes } from '../gpu/dispatch-sizes.ts'
import type { GpuMatrix, GpuVector } from '../gpu/matrix.ts'
import {
  chooseGqaTiles,
  gqaCombine,
  gqaDecode,
  gqaPrefill,
  gqaWrite,
  MAX_HEAD_SIZES,
} from '../kernels/gqa.ts'
import { chooseAttentionTiles } from '../kernels/mla.ts'
import { HadalError } from '../lib/error.ts'
import type { Activation } from '../program/graph.ts'
import type { LayerCache } from './layer-cache.ts'
import {
  cacheModule,
  ceilDiv,
  linear,
  normedLinear,
  type OpContext,
  pageModules,
  reduceModule,
  vectorResource,
  WORKGROUP,
} from './ops.ts'
import type { GqaAttention, HeadSizes, ModelSpec } from './spec.ts'
import type { GqaTensors } from './tensors.ts'

/** Cached tokens that a workgroup of prefill attends to in about the time of a matrix tile. */
const PREFILL_WORK_TOKENS = 256

/** Throws `unsupported` for head sizes that the kernels have no registers for. */
export function checkGqa({ heads, kvHeads, qkHeadDim, vHeadDim, qkRopeDim }: GqaAttention): void {
  const refuse = (what: string) => {
    throw new HadalError('unsupported', `config.json: ${what}.`, {
      file: 'config.json',
      hint: 'Published models of these families have even head sizes up to 256 and whole groups of heads.',
    })
  }
  if (heads % kvHeads !== 0)
    refuse(`num_attention_heads ${heads} is no multiple of num_key_value_heads ${kvHeads}`)
  if ([qkHeadDim, vHeadDim, qkRopeDim].some((size) => size % 2 !== 0))
    refuse(
      `heads have keys of ${qkHeadDim} and values of ${vHeadDim} numbers, ` +
        `${qkRopeDim} of a key are rotated: all must be even`,
    )
  if (qkHeadDim > MAX_HEAD_SIZES.key || vHeadDim > MAX_HEAD_SIZES.value)
    refuse(
      `heads have keys of ${qkHeadDim} and values of ${vHeadDim} numbers, ` +
        `at most ${MAX_HEAD_SIZES.key} and ${MAX_HEAD_SIZES.value} can be run`,
    )
}

/** One GQA layer on the GPU. */
export interface GqaLayer {
  readonly attention: GqaAttention // of this layer
  readonly tensors: GqaTensors<GpuMatrix, GpuVector>
  readonly cache: LayerCache
}

/** x [tokens, hidden] += Attention(RMSNorm(x)). */
export function gqaAttention(context: OpContext, spec: ModelSpec, layer: GqaLayer, x: Activation): void {
  const { graph, mode } = context
  const { attention, tensors, cache } = layer
  const projected = graph.activation('projected', [mode.rows, tensors.qkv.rows])
  const inputNorm = { weight: tensors.inputNorm, epsilon: spec.rmsNormEps }
  normedLinear(context, { norm: inputNorm, matrix: tensors.qkv }, x, projected)
  const query = graph.activation('query', [mode.rows, attention.heads * attention.qkHeadDim])
  writeHeads(context, layer, { projected, query }, spec.rmsNormEps)
  const heads = graph.activation('heads', [mode.rows, attention.heads * attention.vHeadDim])
  gqaAttend(context, attention, cache, { query, output: heads })
  linear(context, { matrix: tensors.oProj, accumulate: true }, heads, x)
}

/**
 * Makes queries [tokens, heads, qkHeadDim] of the projected rows, and writes keys and values to the cache.
 */
function writeHeads(
  context: OpContext,
  { attention, tensors, cache }: GqaLayer,
  { projected, query }: { readonly projected: Activation; readonly query: Activation },
  epsilon: number,
): void {
  const { qkvBias, qNorm, kNorm, qkv, inputNorm: unused } = tensors
  const { heads, kvHeads, qkHeadDim } = attention
  context.graph.dispatch(gqaWrite, {
    constants: {
      ...sizeConstants(attention),
      ROPE: attention.qkRopeDim,
      PROJECTED_STRIDE: projected.stride,
      K_OFFSET: qkv.starts[1] ?? heads * qkHeadDim,
      V_OFFSET: qkv.starts[2] ?? (heads + kvHeads) * qkHeadDim,
      HAS_BIAS: attention.qkvBias,
      HAS_NORM: attention.qkNorm,
      EPSILON: epsilon,
      ROPE_INTERLEAVED: attention.ropeInterleaved,
      WORKGROUP,
    },
    imports: { ...pageModules(context), reduce: reduceModule(context), cache: cacheModule(context) },
    operands: {
      projected,
      bias: vectorResource(qkvBias ?? unused),
      query_norm: vectorResource(qNorm ?? unused),
      key_norm: vectorResource(kNorm ?? unused),
      rotations: cache.rotaryTable,
      pages: cache.pageTable,
      query,
      cache: cache.kvPages,
    },
    grid: (step) => [attention.heads + 2 * attention.kvHeads, step.tokens],
  })
}

interface QueryAndOutput {
  readonly query: Activation
  readonly output: Activation
}

/**
 * output [tokens, heads, vHeadDim] = softmax(scale · query · keys) · values, causal, over the cached context.
 * A KV entry is [kvHeads · qkHeadDim | kvHeads · vHeadDim].
 */
export function gqaAttend(
  context: OpContext,
  attention: HeadSizes,
  cache: LayerCache,
  operands: QueryAndOutput,
): void {
  const attend = context.mode.phase === 'decode' ? decode : prefill
  attend(context, attention, cache, operands)
}

/** Reads each cached key and value once for a tile of its group's heads. */
function decode(
  context: OpContext,
  attention: HeadSizes,
  cache: LayerCache,
  { query, output }: QueryAndOutput,
): void {
  const { graph, mode } = context
  const { heads, kvHeads, vHeadDim } = attention
  const { module, headsPerWorkgroup, workgroupsPerGroup } = chooseGqaTiles(
    heads / kvHeads,
    attention.qkHeadDim,
    context.capabilities.variants,
  )
  const { contextSplits: SPLITS } = chooseDispatchSizes(context.capabilities)
  const partial = graph.unpadded('partial', mode.rows * heads * SPLITS * (vHeadDim + 2))
  graph.dispatch(gqaDecode, {
    constants: {
      ...sizeConstants(attention),
      HEAD_TILE: headsPerWorkgroup,
      SPLITS,
      SCALE: attention.softmaxScale,
    },
    imports: { ...pageModules(context), cache: cacheModule(context), gqaTile: module },
    operands: { query, pages: cache.pageTable, cache: cache.kvPages, output: partial },
    grid: (step) => [
      ceilDiv(step.position + step.tokens, step.split),
      kvHeads * workgroupsPerGroup,
      step.tokens,
    ],
  })
  graph.dispatch(gqaCombine, {
    constants: { HEADS: heads, VALUE: vHeadDim, SPLITS, WORKGROUP },
    operands: { partial, output },
    grid: (step) => [heads, step.tokens],
  })
}

function prefill(
  context: OpContext,
  attention: HeadSizes,
  cache: LayerCache,
  { query, output }: QueryAndOutput,
): void {
  const tiles = chooseAttentionTiles(context.capabilities.variants)
  context.graph.dispatch(gqaPrefill, {
    constants: { ...sizeConstants(attention), SCALE: attention.softmaxScale },
    imports: { cache: cacheModule(context), prefillTile: tiles.prefillTile },
    operands: { query, pages: cache.pageTable, cache: cache.kvPages, output },
    grid: (step) => [ceilDiv(step.tokens, tiles.rows), attention.heads],
    work: (step) => (step.position + step.tokens) / PREFILL_WORK_TOKENS,
  })
}

const sizeConstants = ({ heads, kvHeads, qkHeadDim, vHeadDim }: HeadSizes) => ({
  HEADS: heads,
  KV_HEADS: kvHeads,
  KEY: qkHeadDim,
  VALUE: vHeadDim,
})
