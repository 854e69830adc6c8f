// Records multi-head latent attention (MLA; DeepSeek-V2, arXiv 2405.04434, section 2.1).
// Over cached latents, decode uses the absorbed form and prefill expands keys and values block by block.
// mla-expanded.ts records attention over a cache of expanded keys and values.
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

/** Cached tokens whose keys and values prefill expands at a time. */
export const BLOCK = 256

/** Throws `unsupported` for head sizes that the kernels have no registers for. */
export function checkLatent({ latent, rope, nope, value }: LatentAttention): void {
  if ([latent, rope, nope, value].some((size) => size % 2 !== 0)) {
    throw new HadalError(
      'unsupported',
      `config.json: kv_lora_rank ${latent}, qk_rope_head_dim ${rope}, ` +
        `qk_nope_head_dim ${nope} and v_head_dim ${value} must be even.`,
      { file: 'config.json', hint: 'All published DeepSeek models have even sizes.' },
    )
  }
  const { record, value: maxValue } = attentionLimits
  if (latent + rope <= record && value <= maxValue) return
  throw new HadalError(
    'unsupported',
    `config.json: kv_lora_rank + qk_rope_head_dim is ${latent + rope} (at most ${record}), ` +
      `v_head_dim is ${value} (at most ${maxValue}).`,
    { file: 'config.json', hint: 'All published DeepSeek models are within these sizes.' },
  )
}

/** One MLA layer on the GPU. */
interface MlaLayer {
  readonly mla: LatentAttention
  readonly tensors: LatentTensors<GpuMatrix, GpuVector>
  readonly cache: Cache
}

/** x [tokens, hidden] += Attention(RMSNorm(x)). */
export function latentAttention(
  context: Context,
  spec: ModelSpec,
  mla: LatentAttention,
  tensors: MlaLayer['tensors'],
  cache: Cache,
  x: Activation,
): void {
  const { graph, mode } = context
  const layer = { mla, tensors, cache }
  const projected = graph.activation('projected', 'f32', mode.rows, tensors.project.rows)
  const inputNorm = { weight: tensors.norm, epsilon: spec.epsilon }
  normedLinear(context, { norm: inputNorm, matrix: tensors.project }, x, projected)
  const query = queries(context, layer, projected)
  const heads = graph.activation('heads', 'f32', mode.rows, mla.heads * mla.value)
  const kvHeads = expandedHeads(mla, mode.cache.kind)
  if (kvHeads > 0) {
    const latents = graph.activation('latents', 'f32', mode.rows, mla.latent)
    writeLatents(context, layer, projected, latents)
    const keyOffset = keyValueOffset(layer) + mla.latent
    const input = { latents, query, projected, keyOffset }
    expandedAttention(context, { mla, kvHeads, kvB: tensors.expand, cache }, input, heads)
  } else if (mode.name === 'decode') {
    decode(context, layer, { projected, query }, heads)
  } else {
    writeLatents(context, layer, projected)
    prefill(context, layer, query, heads)
  }
  linear(context, tensors.output, heads, x, { accumulate: true })
}

/** The queries [tokens, heads, qkNopeDim + qkRopeDim]: from their latent, or directly projected. */
function queries(context: Context, { mla, tensors }: MlaLayer, projected: Activation): Activation {
  const { query: matrix, queryNorm } = tensors
  if (!matrix || !queryNorm) return projected
  const query = context.graph.activation('query', 'f32', context.mode.rows, matrix.rows)
  const latentNorm = { weight: queryNorm, epsilon: mla.latentEpsilon }
  normedLinear(context, { norm: latentNorm, matrix }, projected, query)
  return query
}

/** Column of the KV latent in the projected rows; the shared rotary key follows it. */
const keyValueOffset = ({ tensors }: MlaLayer): number => tensors.project.starts[1] ?? 0

/**
 * Normalises the latents of the rows, rotates their shared keys, and writes both to the cache.
 * With `latents` it writes the latents there instead, and no keys.
 */
function writeLatents(context: Context, layer: MlaLayer, projected: Activation, latents?: Activation): void {
  const { tensors, cache } = layer
  context.graph.dispatch(latentWrite, {
    constants: { ...entryConstants(layer, projected), PAGED: latents === undefined },
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

/** The absorbed form: scores and values in latent space. Each KV entry is read once for a tile of heads. */
function decode(
  context: Context,
  layer: MlaLayer,
  { projected, query }: { readonly projected: Activation; readonly query: Activation },
  heads: Activation,
): void {
  const { graph, mode } = context
  const { mla, tensors, cache } = layer
  const { HEADS, NOPE, ROPE, VALUE, LATENT } = headConstants(mla)
  const kvB = whole(tensors.expand)
  const absorbed = graph.activation('absorbed', 'f32', mode.rows, HEADS * (LATENT + ROPE))
  graph.dispatch(latentEnter, {
    constants: {
      ...entryConstants(layer, projected),
      ...headConstants(mla),
      ...queryConstants(mla, query),
      ...kvB.constants,
    },
    imports: { weights: kvB.module, reduce: reduceModule(context), pack: packModule(context) },
    operands: {
      projected,
      latent_norm: vectorResource(tensors.latentNorm),
      query,
      weights: kvB.weights,
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
    constants: { HEADS, NOPE, VALUE, LATENT, SPLITS, ...kvB.constants, WORKGROUP },
    imports: { weights: kvB.module },
    operands: { partial, weights: kvB.weights, output: heads },
    grid: (step) => [HEADS, step.tokens],
  })
}

/** Expands keys and values of one block of the context at a time, with a running softmax. */
function prefill(
  context: Context,
  { mla, tensors, cache }: MlaLayer,
  query: Activation,
  heads: Activation,
): void {
  const { graph, mode } = context
  const { HEADS, NOPE, ROPE, VALUE } = headConstants(mla)
  const kvB = whole(tensors.expand)
  graph.dispatch(ropeQuery, {
    constants: { HEADS, NOPE, ROPE, ...queryConstants(mla, query), WORKGROUP },
    operands: { rotations: cache.rotations, query },
    grid: (step) => [ceilDiv((HEADS * ROPE) / 2, WORKGROUP), step.tokens],
  })
  const expanded = graph.activation('expanded', 'f32', BLOCK, HEADS * (NOPE + VALUE))
  const tiles = tilesOf(context, tensors.expand)
  const queryTiles = chooseAttentionTiles(context.capabilities.variants)
  const state = graph.scratch('softmax state', mode.rows * HEADS * 2)
  graph.repeat(
    (step) => ceilDiv(step.position + step.tokens, BLOCK),
    () => {
      graph.dispatch(expandLatent, {
        constants: { ...headConstants(mla), BLOCK, ...kvB.constants },
        imports: { ...tiles.imports, cache: cacheModule(context) },
        operands: { pages: cache.pages, cache: cache.records, weights: kvB.weights, expanded },
        grid: [ceilDiv(HEADS * (NOPE + VALUE), tiles.outs), BLOCK / tiles.rows],
      })
      graph.dispatch(attendPrefill, {
        constants: {
          ...headConstants(mla),
          BLOCK,
          SCALE: mla.scale,
          ...queryConstants(mla, query),
        },
        imports: { cache: cacheModule(context), prefill: queryTiles.prefill },
        operands: { query, expanded, pages: cache.pages, cache: cache.records, output: heads, state },
        grid: (step) => [ceilDiv(step.tokens, queryTiles.rows), HEADS],
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

const entryConstants = (layer: MlaLayer, projected: Activation) => ({
  P_STRIDE: projected.stride,
  KV_OFFSET: keyValueOffset(layer),
  LATENT: layer.mla.latent,
  ROPE: layer.mla.rope,
  EPSILON: layer.mla.latentEpsilon,
  HALF_SPLIT: layer.mla.halfSplit,
  WORKGROUP,
})

const queryConstants = (mla: LatentAttention, query: Activation) => ({
  Q_OFFSET: 0,
  Q_STRIDE: query.stride,
  HALF_SPLIT: mla.halfSplit,
})
