// Records multi-head latent attention (MLA; DeepSeek-V2, arXiv 2405.04434, section 2.1).
// Over cached latents, decode uses the absorbed form and prefill expands keys and values block by block.
// mla-expanded.ts records attention over a cache of expanded keys and values.
import { chooseDispatchSizes } from '../gpu/dispatch-sizes.ts'
import type { GpuMatrix, GpuVector } from '../gpu/matrix.ts'
import {
  chooseAttentionTiles,
  MAX_MLA_SIZES,
  MLA_HEAD_TILE,
  mlaAbsorbQ,
  mlaCombineSplits,
  mlaDecode,
  mlaExpandKv,
  mlaPrefill,
  mlaWrite,
  ropeQuery,
} from '../kernels/mla.ts'
import { HadalError } from '../lib/error.ts'
import type { Activation } from '../program/graph.ts'
import { expandedKvHeads } from './cache-layout.ts'
import type { LayerCache } from './layer-cache.ts'
import { expandedMlaAttention } from './mla-expanded.ts'
import {
  cacheModule,
  ceilDiv,
  linear,
  matmulTiles,
  normedLinear,
  type OpContext,
  packModule,
  pageModules,
  reduceModule,
  vectorResource,
  WORKGROUP,
  wholeMatrix,
} from './ops.ts'
import type { MlaAttention, ModelSpec } from './spec.ts'
import type { MlaTensors } from './tensors.ts'

/** Cached tokens whose keys and values prefill expands at a time. */
export const PREFILL_BLOCK = 256

/** Throws `unsupported` for head sizes that the kernels have no registers for. */
export function checkMla({ kvLoraRank, qkRopeDim, qkNopeDim, vHeadDim }: MlaAttention): void {
  if ([kvLoraRank, qkRopeDim, qkNopeDim, vHeadDim].some((size) => size % 2 !== 0)) {
    throw new HadalError(
      'unsupported',
      `config.json: kv_lora_rank ${kvLoraRank}, qk_rope_head_dim ${qkRopeDim}, ` +
        `qk_nope_head_dim ${qkNopeDim} and v_head_dim ${vHeadDim} must be even.`,
      { file: 'config.json', hint: 'All published DeepSeek models have even sizes.' },
    )
  }
  const { kvEntry, value: maxValue } = MAX_MLA_SIZES
  if (kvLoraRank + qkRopeDim <= kvEntry && vHeadDim <= maxValue) return
  throw new HadalError(
    'unsupported',
    `config.json: kv_lora_rank + qk_rope_head_dim is ${kvLoraRank + qkRopeDim} (at most ${kvEntry}), ` +
      `v_head_dim is ${vHeadDim} (at most ${maxValue}).`,
    { file: 'config.json', hint: 'All published DeepSeek models are within these sizes.' },
  )
}

/** One MLA layer on the GPU. */
export interface MlaLayer {
  readonly mla: MlaAttention
  readonly tensors: MlaTensors<GpuMatrix, GpuVector>
  readonly cache: LayerCache
}

/** x [tokens, hidden] += Attention(RMSNorm(x)). */
export function mlaAttention(context: OpContext, spec: ModelSpec, layer: MlaLayer, x: Activation): void {
  const { graph, mode } = context
  const { mla, tensors, cache } = layer
  const projected = graph.activation('projected', [mode.rows, tensors.qkvA.rows])
  const inputNorm = { weight: tensors.inputNorm, epsilon: spec.rmsNormEps }
  normedLinear(context, { norm: inputNorm, matrix: tensors.qkvA }, x, projected)
  const query = queries(context, layer, projected)
  const heads = graph.activation('heads', [mode.rows, mla.heads * mla.vHeadDim])
  const kvHeads = expandedKvHeads(mla, mode.cache.kind)
  if (kvHeads > 0) {
    const latents = graph.activation('latents', [mode.rows, mla.kvLoraRank])
    writeLatents(context, layer, projected, latents)
    const keyOffset = keyValueOffset(layer) + mla.kvLoraRank
    const input = { latents, query, projected, keyOffset }
    expandedMlaAttention(context, { mla, kvHeads, kvB: tensors.kvB, cache }, input, heads)
  } else if (mode.phase === 'decode') {
    decode(context, layer, { projected, query }, heads)
  } else {
    writeLatents(context, layer, projected)
    prefill(context, layer, query, heads)
  }
  linear(context, { matrix: tensors.oProj, accumulate: true }, heads, x)
}

/** The queries [tokens, heads, qkNopeDim + qkRopeDim]: from their latent, or directly projected. */
function queries(context: OpContext, { mla, tensors }: MlaLayer, projected: Activation): Activation {
  const { qB: matrix, qANorm } = tensors
  if (!matrix || !qANorm) return projected
  const query = context.graph.activation('query', [context.mode.rows, matrix.rows])
  const latentNorm = { weight: qANorm, epsilon: mla.latentNormEps }
  normedLinear(context, { norm: latentNorm, matrix }, projected, query)
  return query
}

/** Column of the KV latent in the projected rows; the shared rotary key follows it. */
const keyValueOffset = ({ tensors }: MlaLayer): number => tensors.qkvA.starts[1] ?? 0

/**
 * Normalises the latents of the rows, rotates their shared keys, and writes both to the cache.
 * With `latents` it writes the latents there instead, and no keys.
 */
export function writeLatents(
  context: OpContext,
  layer: MlaLayer,
  projected: Activation,
  latents?: Activation,
): void {
  const { tensors, cache } = layer
  context.graph.dispatch(mlaWrite, {
    constants: { ...entryConstants(layer, projected), PAGED: latents === undefined },
    imports: {
      ...pageModules(context),
      reduce: reduceModule(context),
      pack: latents ? 'pack/activation' : packModule(context),
    },
    operands: {
      projected,
      latent_norm: vectorResource(tensors.kvANorm),
      rotations: cache.rotaryTable,
      pages: cache.pageTable,
      cache: latents ?? cache.kvPages,
    },
    grid: (step) => [step.tokens],
  })
}

/** The absorbed form: scores and values in latent space. Each KV entry is read once for a tile of heads. */
function decode(
  context: OpContext,
  layer: MlaLayer,
  { projected, query }: { readonly projected: Activation; readonly query: Activation },
  heads: Activation,
): void {
  const { graph, mode } = context
  const { mla, tensors, cache } = layer
  const { HEADS, NOPE, ROPE, VALUE, LATENT } = headConstants(mla)
  const { headWorkgroup, contextSplits: SPLITS } = chooseDispatchSizes(context.capabilities)
  const kvB = wholeMatrix(tensors.kvB)
  const absorbed = graph.activation('absorbed', [mode.rows, HEADS * (LATENT + ROPE)])
  graph.dispatch(mlaAbsorbQ, {
    constants: {
      ...entryConstants(layer, projected),
      ...headConstants(mla),
      ...queryConstants(mla, query),
      ...kvB.constants,
      WORKGROUP: headWorkgroup,
    },
    imports: {
      ...pageModules(context),
      weights: kvB.module,
      reduce: reduceModule(context),
      pack: packModule(context),
    },
    operands: {
      projected,
      latent_norm: vectorResource(tensors.kvANorm),
      query,
      weights: kvB.weights,
      rotations: cache.rotaryTable,
      pages: cache.pageTable,
      absorbed,
      cache: cache.kvPages,
    },
    grid: (step) => [HEADS + 1, step.tokens],
  })
  const partial = graph.unpadded('partial', mode.rows * HEADS * SPLITS * (LATENT + 2))
  graph.dispatch(mlaDecode, {
    constants: { HEADS, LATENT, ROPE, SPLITS, SCALE: mla.softmaxScale },
    imports: {
      ...pageModules(context),
      cache: cacheModule(context),
      mlaTile: chooseAttentionTiles(context.capabilities.variants).mlaTile,
    },
    operands: { absorbed, pages: cache.pageTable, cache: cache.kvPages, output: partial },
    grid: (step) => [
      ceilDiv(step.position + step.tokens, step.split),
      ceilDiv(HEADS, MLA_HEAD_TILE),
      step.tokens,
    ],
  })
  graph.dispatch(mlaCombineSplits, {
    constants: { HEADS, NOPE, VALUE, LATENT, SPLITS, ...kvB.constants, WORKGROUP: headWorkgroup },
    imports: { weights: kvB.module },
    operands: { partial, weights: kvB.weights, output: heads },
    grid: (step) => [HEADS, step.tokens],
  })
}

/** Expands keys and values of one block of the context at a time, with a running softmax. */
function prefill(
  context: OpContext,
  { mla, tensors, cache }: MlaLayer,
  query: Activation,
  heads: Activation,
): void {
  const { graph, mode } = context
  const { HEADS, NOPE, ROPE, VALUE } = headConstants(mla)
  const kvB = wholeMatrix(tensors.kvB)
  graph.dispatch(ropeQuery, {
    constants: { HEADS, NOPE, ROPE, ...queryConstants(mla, query), WORKGROUP },
    operands: { rotations: cache.rotaryTable, query },
    grid: (step) => [ceilDiv((HEADS * ROPE) / 2, WORKGROUP), step.tokens],
  })
  const expanded = graph.activation('expanded', [PREFILL_BLOCK, HEADS * (NOPE + VALUE)])
  const tiles = matmulTiles(context, tensors.kvB)
  const queryTiles = chooseAttentionTiles(context.capabilities.variants)
  const state = graph.unpadded('softmax state', mode.rows * HEADS * 2)
  graph.repeat(
    (step) => ceilDiv(step.position + step.tokens, PREFILL_BLOCK),
    () => {
      graph.dispatch(mlaExpandKv, {
        constants: { ...headConstants(mla), BLOCK: PREFILL_BLOCK, ...kvB.constants },
        imports: { ...tiles.imports, cache: cacheModule(context) },
        operands: { pages: cache.pageTable, cache: cache.kvPages, weights: kvB.weights, expanded },
        grid: [ceilDiv(HEADS * (NOPE + VALUE), tiles.outs), PREFILL_BLOCK / tiles.rows],
      })
      graph.dispatch(mlaPrefill, {
        constants: {
          ...headConstants(mla),
          BLOCK: PREFILL_BLOCK,
          SCALE: mla.softmaxScale,
          ...queryConstants(mla, query),
        },
        imports: { cache: cacheModule(context), prefillTile: queryTiles.prefillTile },
        operands: { query, expanded, pages: cache.pageTable, cache: cache.kvPages, output: heads, state },
        grid: (step) => [ceilDiv(step.tokens, queryTiles.rows), HEADS],
      })
    },
  )
}

const headConstants = (mla: MlaAttention) => ({
  HEADS: mla.heads,
  NOPE: mla.qkNopeDim,
  ROPE: mla.qkRopeDim,
  VALUE: mla.vHeadDim,
  LATENT: mla.kvLoraRank,
})

const entryConstants = (layer: MlaLayer, projected: Activation) => ({
  PROJECTED_STRIDE: projected.stride,
  KV_OFFSET: keyValueOffset(layer),
  LATENT: layer.mla.kvLoraRank,
  ROPE: layer.mla.qkRopeDim,
  EPSILON: layer.mla.latentNormEps,
  ROPE_INTERLEAVED: layer.mla.ropeInterleaved,
  WORKGROUP,
})

const queryConstants = (mla: MlaAttention, query: Activation) => ({
  Q_OFFSET: 0,
  Q_STRIDE: query.stride,
  ROPE_INTERLEAVED: mla.ropeInterleaved,
})
