// Answers: which dispatches is multi-head latent attention? Absorbed in decode, materialised block by block in
// prefill (DeepSeek-V2, arXiv 2405.04434, section 2.1), where the cache holds latents; expanded.ts goes on where it does not.
// It must not know what comes before or after attention.
import type { GpuMatrix, GpuVector } from '../gpu/matrix.ts'
import {
  attendPrefill,
  attentionLimits,
  chooseAttentionTiles,
  expandLatent,
  latentAttend,
  latentEnter,
  latentHeadTile,
  latentMerge,
  latentWrite,
  ropeQuery,
} from '../kernels/attention.ts'
import { HadalError } from '../lib/error.ts'
import type { Activation } from '../program/graph.ts'
import { type Cache, SPLITS } from './cache.ts'
import { expandedHeads } from './cache-form.ts'
import { expandedAttention } from './expanded.ts'
import {
  type Context,
  cacheModule,
  ceilDiv,
  linear,
  normedLinear,
  packModule,
  reduceModule,
  tilesOf,
  vectorResource,
  WORKGROUP,
  whole,
} from './ops.ts'
import type { LatentAttention, ModelSpec } from './spec.ts'
import type { LatentTensors } from './tensors.ts'

/** Cached tokens that prefill materialises at a time. */
export const BLOCK = 256

/** Throws `unsupported` for head sizes that the kernels have no registers for. */
export function checkLatent({ latent, rope, nope, value }: LatentAttention): void {
  if ([latent, rope, nope, value].some((size) => size % 2 !== 0)) {
    throw new HadalError(
      'unsupported',
      `config.json: kv_lora_rank ${latent}, qk_rope_head_dim ${rope}, qk_nope_head_dim ${nope} and v_head_dim ${value} must be even.`,
      { file: 'config.json', hint: 'All published DeepSeek models have even sizes.' },
    )
  }
  const { record, value: widest } = attentionLimits
  if (latent + rope <= record && value <= widest) return
  throw new HadalError(
    'unsupported',
    `config.json: kv_lora_rank + qk_rope_head_dim is ${latent + rope} (at most ${record}), v_head_dim is ${value} (at most ${widest}).`,
    { file: 'config.json', hint: 'All published DeepSeek models are within these sizes.' },
  )
}

type Tensors = LatentTensors<GpuMatrix, GpuVector>

/** x [tokens, hidden] += Attention(RMSNorm(x)). */
export function latentAttention(
  context: Context,
  spec: ModelSpec,
  mla: LatentAttention,
  tensors: Tensors,
  cache: Cache,
  x: Activation,
): void {
  const { graph, mode } = context
  const projected = graph.activation('projected', 'f32', mode.rows, tensors.project.rows)
  const before = { weight: tensors.norm, epsilon: spec.epsilon }
  normedLinear(context, before, tensors.project, x, projected)
  const query = queries(context, mla, tensors, projected)
  const heads = graph.activation('heads', 'f32', mode.rows, mla.heads * mla.value)
  const kvHeads = expandedHeads(mla, mode.cache.kind)
  if (kvHeads > 0) {
    const latents = graph.activation('latents', 'f32', mode.rows, mla.latent)
    writeLatents(context, mla, tensors, cache, projected, latents)
    const keyOffset = keyValueOffset(tensors) + mla.latent
    expandedAttention(
      context,
      mla,
      kvHeads,
      tensors.expand,
      cache,
      { latents, query, projected, keyOffset },
      heads,
    )
  } else if (mode.name === 'decode') {
    decode(context, mla, tensors, cache, projected, query, heads)
  } else {
    writeLatents(context, mla, tensors, cache, projected)
    prefill(context, mla, tensors, cache, query, heads)
  }
  linear(context, tensors.output, heads, x, { accumulate: true })
}

/** Where the queries [tokens, heads, nope + rope] are: of the normalised query latent, or projected already. */
function queries(
  context: Context,
  { latentEpsilon }: LatentAttention,
  { query: matrix, queryNorm }: Tensors,
  projected: Activation,
): Activation {
  if (!matrix || !queryNorm) return projected
  const query = context.graph.activation('query', 'f32', context.mode.rows, matrix.rows)
  normedLinear(context, { weight: queryNorm, epsilon: latentEpsilon }, matrix, projected, query)
  return query
}

/** Column of the key-value latent in the projected rows; the shared key follows it. */
const keyValueOffset = ({ project }: Tensors): number => project.starts[1] ?? 0

/** Normalises the latents of the rows, rotates their shared keys, and puts both into the cache, or the latents alone into `latents`. */
function writeLatents(
  context: Context,
  mla: LatentAttention,
  tensors: Tensors,
  cache: Cache,
  projected: Activation,
  latents?: Activation,
): void {
  context.graph.dispatch(latentWrite, {
    constants: { ...recordConstants(mla, tensors, projected), PAGED: latents === undefined },
    imports: { reduce: reduceModule(context), pack: latents ? 'pack/step' : packModule(context) },
    operands: {
      projected,
      latent_norm: vectorResource(tensors.latentNorm),
      rotations: cache.rotations,
      pages: cache.pages,
      cache: latents ?? cache.records,
    },
    grid: (step) => [step.tokens],
  })
}

/** Scores and values in the latent space: each cached row is read once for a tile of heads. */
function decode(
  context: Context,
  mla: LatentAttention,
  tensors: Tensors,
  cache: Cache,
  projected: Activation,
  query: Activation,
  heads: Activation,
): void {
  const { graph, mode } = context
  const { HEADS, NOPE, ROPE, VALUE, LATENT } = headConstants(mla)
  const expand = whole(tensors.expand)
  const absorbed = graph.activation('absorbed', 'f32', mode.rows, HEADS * (LATENT + ROPE))
  graph.dispatch(latentEnter, {
    constants: {
      ...recordConstants(mla, tensors, projected),
      ...headConstants(mla),
      ...queryConstants(mla, query),
      ...expand.constants,
    },
    imports: { weights: expand.module, reduce: reduceModule(context), pack: packModule(context) },
    operands: {
      projected,
      latent_norm: vectorResource(tensors.latentNorm),
      query,
      weights: expand.weights,
      rotations: cache.rotations,
      pages: cache.pages,
      absorbed,
      cache: cache.records,
    },
    grid: (step) => [HEADS + 1, step.tokens],
  })
  const partial = graph.scratch('partial', mode.rows * HEADS * SPLITS * (LATENT + 2))
  graph.dispatch(latentAttend, {
    constants: { HEADS, LATENT, ROPE, SPLITS, SCALE: mla.scale },
    imports: {
      cache: cacheModule(context),
      attend: chooseAttentionTiles(context.capabilities.variants).attend,
    },
    operands: { absorbed, pages: cache.pages, cache: cache.records, output: partial },
    grid: (step) => [
      ceilDiv(step.position + step.tokens, step.split),
      ceilDiv(HEADS, latentHeadTile),
      step.tokens,
    ],
  })
  graph.dispatch(latentMerge, {
    constants: { HEADS, NOPE, VALUE, LATENT, SPLITS, ...expand.constants, WORKGROUP },
    imports: { weights: expand.module },
    operands: { partial, weights: expand.weights, output: heads },
    grid: (step) => [HEADS, step.tokens],
  })
}

/** Keys and values of one block of the context at a time, with a running softmax. */
function prefill(
  context: Context,
  mla: LatentAttention,
  tensors: Tensors,
  cache: Cache,
  query: Activation,
  heads: Activation,
): void {
  const { graph, mode } = context
  const { HEADS, NOPE, ROPE, VALUE } = headConstants(mla)
  const expand = whole(tensors.expand)
  graph.dispatch(ropeQuery, {
    constants: { HEADS, NOPE, ROPE, ...queryConstants(mla, query), WORKGROUP },
    operands: { rotations: cache.rotations, query },
    grid: (step) => [ceilDiv((HEADS * ROPE) / 2, WORKGROUP), step.tokens],
  })
  const expanded = graph.activation('expanded', 'f32', BLOCK, HEADS * (NOPE + VALUE))
  const tiles = tilesOf(context, tensors.expand)
  const queries = chooseAttentionTiles(context.capabilities.variants)
  const state = graph.scratch('softmax state', mode.rows * HEADS * 2)
  graph.repeat(
    (step) => ceilDiv(step.position + step.tokens, BLOCK),
    () => {
      graph.dispatch(expandLatent, {
        constants: { ...headConstants(mla), BLOCK, ...expand.constants },
        imports: { ...tiles.imports, cache: cacheModule(context) },
        operands: { pages: cache.pages, cache: cache.records, weights: expand.weights, expanded },
        grid: [ceilDiv(HEADS * (NOPE + VALUE), tiles.outs), BLOCK / tiles.rows],
      })
      graph.dispatch(attendPrefill, {
        constants: {
          ...headConstants(mla),
          BLOCK,
          SCALE: mla.scale,
          ...queryConstants(mla, query),
        },
        imports: { cache: cacheModule(context), prefill: queries.prefill },
        operands: { query, expanded, pages: cache.pages, cache: cache.records, output: heads, state },
        grid: (step) => [ceilDiv(step.tokens, queries.rows), HEADS],
      })
    },
  )
}

const headConstants = (mla: LatentAttention) => ({
  HEADS: mla.heads,
  NOPE: mla.nope,
  ROPE: mla.rope,
  VALUE: mla.value,
  LATENT: mla.latent,
})

const recordConstants = (mla: LatentAttention, tensors: Tensors, projected: Activation) => ({
  P_STRIDE: projected.stride,
  KV_OFFSET: keyValueOffset(tensors),
  LATENT: mla.latent,
  ROPE: mla.rope,
  EPSILON: mla.latentEpsilon,
  HALF_SPLIT: mla.halfSplit,
  WORKGROUP,
})

const queryConstants = (mla: LatentAttention, query: Activation) => ({
  Q_OFFSET: 0,
  Q_STRIDE: query.stride,
  HALF_SPLIT: mla.halfSplit,
})
