// Answers: which dispatches is attention with keys and values of its own for each group of heads? Multi-head, grouped-query, multi-query.
// It must not know what comes before or after attention.
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
import type { GroupedAttention, ModelSpec } from './spec.ts'
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
      `heads have keys of ${key} and values of ${value} numbers, ${rope} of a key turn: all must be even`,
    )
  if (key > headLimits.key || value > headLimits.value)
    refuse(
      `heads have keys of ${key} and values of ${value} numbers, at most ${headLimits.key} and ${headLimits.value} can be run`,
    )
}

type Tensors = GroupedTensors<GpuMatrix, GpuVector>

/** x [tokens, hidden] += Attention(RMSNorm(x)). */
export function groupedAttention(
  context: Context,
  spec: ModelSpec,
  attention: GroupedAttention,
  tensors: Tensors,
  cache: Cache,
  x: Activation,
): void {
  const { graph, mode } = context
  const projected = graph.activation('projected', 'f32', mode.rows, tensors.project.rows)
  const before = { weight: tensors.norm, epsilon: spec.epsilon }
  normedLinear(context, before, tensors.project, x, projected)
  const query = graph.activation('query', 'f32', mode.rows, attention.heads * attention.key)
  writeHeads(context, spec, attention, tensors, cache, projected, query)
  const heads = graph.activation('heads', 'f32', mode.rows, attention.heads * attention.value)
  attendHeads(context, attention, cache, query, heads)
  linear(context, tensors.output, heads, x, { accumulate: true })
}

/** Makes queries [tokens, heads, key] of the projected rows, and puts keys and values into the cache. */
function writeHeads(
  context: Context,
  spec: ModelSpec,
  attention: GroupedAttention,
  tensors: Tensors,
  cache: Cache,
  projected: Activation,
  query: Activation,
): void {
  const { bias, queryNorm, keyNorm, project, norm: unused } = tensors
  context.graph.dispatch(headsWrite, {
    constants: {
      ...sizes(attention),
      ROPE: attention.rope,
      P_STRIDE: projected.stride,
      K_OFFSET: project.starts[1] ?? 0,
      V_OFFSET: project.starts[2] ?? 0,
      BIASED: attention.bias,
      NORMED: attention.headNorm,
      EPSILON: spec.epsilon,
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

/** What heads attend with; head h reads key and value h / (heads / kvHeads). */
export type HeadSizes = Pick<GroupedAttention, 'heads' | 'kvHeads' | 'key' | 'value' | 'scale'>

/** heads [tokens, heads, value] = softmax(query · keys) · values, over all that a record [kvHeads · key | kvHeads · value] of the cache holds. */
export function attendHeads(
  context: Context,
  attention: HeadSizes,
  cache: Cache,
  query: Activation,
  heads: Activation,
): void {
  if (context.mode.name === 'decode') decode(context, attention, cache, query, heads)
  else prefill(context, attention, cache, query, heads)
}

/** Each cached key and value is read once for a tile of its group's heads. */
function decode(
  context: Context,
  attention: HeadSizes,
  cache: Cache,
  query: Activation,
  output: Activation,
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
    constants: { ...sizes(attention), HEAD_TILE: tile, SPLITS, SCALE: attention.scale },
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
  query: Activation,
  output: Activation,
): void {
  const tiles = chooseAttentionTiles(context.capabilities.variants)
  context.graph.dispatch(headsPrefill, {
    constants: { ...sizes(attention), SCALE: attention.scale },
    imports: { cache: cacheModule(context), prefill: tiles.prefill },
    operands: { query, pages: cache.pages, cache: cache.records, output },
    grid: (step) => [ceilDiv(step.tokens, tiles.rows), attention.heads],
  })
}

const sizes = ({ heads, kvHeads, key, value }: HeadSizes) => ({
  HEADS: heads,
  KV_HEADS: kvHeads,
  KEY: key,
  VALUE: value,
})
