// Records multi-head, grouped-query and multi-query attention: keys and values for each group of heads.
import type { GpuMatrix, GpuVector } from '../gpu/matrix.ts'
import { chooseAttentionTiles } from '../kernels/attention.ts'
import {
  chooseHeadTiles,
  headLimits,
  headsAttend,
  headsMerge,
  headsPrefill,
  headsWrite,
} from '../kernels/heads.ts'
import { HadalError } from '../lib/error.ts'
import type { Activation } from '../program/graph.ts'
import { type Cache, SPLITS } from './cache.ts'
import {
  type Context,
  cacheModule,
  ceilDiv,
  linear,
  normedLinear,
  reduceModule,
  vectorResource,
  WORKGROUP,
} from './ops.ts'
import type { GroupedAttention, HeadSizes, ModelSpec } from './spec.ts'
import type { GroupedTensors } from './tensors.ts'

/** Throws `unsupported` for head sizes that the kernels have no registers for. */
export function checkGrouped({ heads, kvHeads, key, value, rope }: GroupedAttention): void {
  const refuse = (what: string) => {
    throw new HadalError('unsupported', `config.json: ${what}.`, {
      file: 'config.json',
      hint: 'Published models of these families have even head sizes up to 256 and whole groups of heads.',
    })
  }
  if (heads % kvHeads !== 0)
    refuse(`num_attention_heads ${heads} is no multiple of num_key_value_heads ${kvHeads}`)
  if ([key, value, rope].some((size) => size % 2 !== 0))
    refuse(
      `heads have keys of ${key} and values of ${value} numbers, ` +
        `${rope} of a key are rotated: all must be even`,
    )
  if (key > headLimits.key || value > headLimits.value)
    refuse(
      `heads have keys of ${key} and values of ${value} numbers, ` +
        `at most ${headLimits.key} and ${headLimits.value} can be run`,
    )
}

/** One GQA layer on the GPU. */
export interface GqaLayer {
  readonly attention: GroupedAttention
  readonly tensors: GroupedTensors<GpuMatrix, GpuVector>
  readonly cache: Cache
}

/** x [tokens, hidden] += Attention(RMSNorm(x)). */
export function groupedAttention(context: Context, spec: ModelSpec, layer: GqaLayer, x: Activation): void {
  const { graph, mode } = context
  const { attention, tensors, cache } = layer
  const projected = graph.activation('projected', 'f32', mode.rows, tensors.project.rows)
  const inputNorm = { weight: tensors.norm, epsilon: spec.epsilon }
  normedLinear(context, { norm: inputNorm, matrix: tensors.project }, x, projected)
  const query = graph.activation('query', 'f32', mode.rows, attention.heads * attention.key)
  writeHeads(context, layer, { projected, query }, spec.epsilon)
  const heads = graph.activation('heads', 'f32', mode.rows, attention.heads * attention.value)
  attendHeads(context, attention, cache, query, heads)
  linear(context, tensors.output, heads, x, { accumulate: true })
}

/**
 * Makes queries [tokens, heads, qkHeadDim] of the projected rows, and writes keys and values to the cache.
 */
function writeHeads(
  context: Context,
  { attention, tensors, cache }: GqaLayer,
  { projected, query }: { readonly projected: Activation; readonly query: Activation },
  epsilon: number,
): void {
  const { bias, queryNorm, keyNorm, project, norm: unused } = tensors
  context.graph.dispatch(headsWrite, {
    constants: {
      ...sizeConstants(attention),
      ROPE: attention.rope,
      P_STRIDE: projected.stride,
      K_OFFSET: project.starts[1] ?? 0,
      V_OFFSET: project.starts[2] ?? 0,
      BIASED: attention.bias,
      NORMED: attention.headNorm,
      EPSILON: epsilon,
      HALF_SPLIT: attention.halfSplit,
      WORKGROUP,
    },
    imports: { reduce: reduceModule(context), cache: cacheModule(context) },
    operands: {
      projected,
      bias: vectorResource(bias ?? unused),
      query_norm: vectorResource(queryNorm ?? unused),
      key_norm: vectorResource(keyNorm ?? unused),
      rotations: cache.rotations,
      pages: cache.pages,
      query,
      cache: cache.records,
    },
    grid: (step) => [attention.heads + 2 * attention.kvHeads, step.tokens],
  })
}

/**
 * heads [tokens, heads, vHeadDim] = softmax(scale · query · keys) · values, causal, over the cached context.
 * A KV entry is [kvHeads · qkHeadDim | kvHeads · vHeadDim].
 */
export function attendHeads(
  context: Context,
  attention: HeadSizes,
  cache: Cache,
  query: Activation,
  heads: Activation,
): void {
  const record = context.mode.name === 'decode' ? decode : prefill
  record(context, attention, cache, { query, output: heads })
}

interface QueryAndOutput {
  readonly query: Activation
  readonly output: Activation
}

/** Reads each cached key and value once for a tile of its group's heads. */
function decode(
  context: Context,
  attention: HeadSizes,
  cache: Cache,
  { query, output }: QueryAndOutput,
): void {
  const { graph, mode } = context
  const { heads, kvHeads, value } = attention
  const { module, tile, count } = chooseHeadTiles(
    heads / kvHeads,
    attention.key,
    context.capabilities.variants,
  )
  const partial = graph.scratch('partial', mode.rows * heads * SPLITS * (value + 2))
  graph.dispatch(headsAttend, {
    constants: { ...sizeConstants(attention), HEAD_TILE: tile, SPLITS, SCALE: attention.scale },
    imports: { cache: cacheModule(context), members: module },
    operands: { query, pages: cache.pages, cache: cache.records, output: partial },
    grid: (step) => [ceilDiv(step.position + step.tokens, step.split), kvHeads * count, step.tokens],
  })
  graph.dispatch(headsMerge, {
    constants: { HEADS: heads, VALUE: value, SPLITS, WORKGROUP },
    operands: { partial, output },
    grid: (step) => [heads, step.tokens],
  })
}

function prefill(
  context: Context,
  attention: HeadSizes,
  cache: Cache,
  { query, output }: QueryAndOutput,
): void {
  const tiles = chooseAttentionTiles(context.capabilities.variants)
  context.graph.dispatch(headsPrefill, {
    constants: { ...sizeConstants(attention), SCALE: attention.scale },
    imports: { cache: cacheModule(context), prefill: tiles.prefill },
    operands: { query, pages: cache.pages, cache: cache.records, output },
    grid: (step) => [ceilDiv(step.tokens, tiles.rows), attention.heads],
  })
}

const sizeConstants = ({ heads, kvHeads, key, value }: HeadSizes) => ({
  HEADS: heads,
  KV_HEADS: kvHeads,
  KEY: key,
  VALUE: value,
})
