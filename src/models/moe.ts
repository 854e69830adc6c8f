// Records the feed-forward part of an MoE layer: routed and shared experts
// (DeepSeek-V3, arXiv 2412.19437, section 2.1.2).
import { chooseDispatchSizes } from '../gpu/dispatch-sizes.ts'
import type { GpuBank, GpuMatrix, GpuVector } from '../gpu/matrix.ts'
import {
  combineExperts,
  expertDownDecode,
  expertDownPrefill,
  expertUpDecode,
  expertUpPrefill,
  groupTokens,
  route as routeKernel,
  routeLogits,
} from '../kernels/moe.ts'
import { type Activation, type Resource, resource, type WorkPerGroup } from '../program/graph.ts'
import { activateAndProject } from './mlp.ts'
import {
  ceilDiv,
  decodeModules,
  linear,
  matmulTiles,
  matrixConstants,
  norm,
  type OpContext,
  reduceModule,
  rowTilingOf,
  vectorResource,
  WORKGROUP,
  wholeMatrix,
} from './ops.ts'
import type { ModelSpec, MoeLayer } from './spec.ts'
import type { MoeTensors } from './tensors.ts'

/** Banks that one dispatch of prefill binds; more banks take more dispatches. */
const PREFILL_BANKS = 4

/** One MoE layer: sizes and GPU tensors. */
interface MoeOperands {
  readonly spec: ModelSpec
  readonly layer: MoeLayer
  readonly tensors: MoeTensors<GpuMatrix, GpuVector, GpuBank>
  readonly noBias: Resource // zeros, for routers without a correction bias
}

/** Shader constants that the expert kernels share. */
function sizeConstants({ spec, layer }: MoeOperands) {
  const widest = Math.max(layer.intermediateSize, layer.sharedIntermediateSize)
  return {
    HIDDEN: spec.hiddenSize,
    EXPERTS: layer.experts,
    TOP_K: layer.expertsPerToken,
    INTERMEDIATE: layer.intermediateSize,
    SHARED_INTERMEDIATE: layer.sharedIntermediateSize,
    INTERMEDIATE_STRIDE: ceilDiv(widest, 16) * 16,
  }
}

/** x += Σ w_e · E_e(RMSNorm(x)) + Shared(RMSNorm(x)). */
export function moe(context: OpContext, moe: MoeOperands, x: Activation): void {
  const { graph, mode } = context
  const { spec, layer, tensors, noBias } = moe
  const normed = graph.activation('normed', [mode.rows, spec.hiddenSize])
  const logits = graph.activation('router logits', [mode.rows, layer.experts])
  routerLogits(context, moe, x, { normed, logits })
  const route = graph.activation('route', [mode.rows, layer.expertsPerToken * 2], { type: 'u32' })
  graph.dispatch(routeKernel, {
    constants: {
      EXPERTS: layer.experts,
      TOP_K: layer.expertsPerToken,
      GROUPS: layer.expertGroups,
      TOP_GROUPS: layer.topkGroups,
      SIGMOID: layer.scoringFunc === 'sigmoid',
      GROUP_TOP2: layer.groupScore === 'top2',
      NORM_TOPK_PROB: layer.normTopkProb,
      SCALE: layer.routedScalingFactor,
    },
    operands: {
      logits,
      bias: tensors.correctionBias ? vectorResource(tensors.correctionBias) : noBias,
      route,
    },
    grid: (step) => [step.tokens],
  })
  const experts = mode.phase === 'decode' ? decodeExperts : prefillExperts
  const { shared } = tensors
  const inBanks = shared ? { ...moe, layer: { ...layer, sharedIntermediateSize: 0 } } : moe
  experts(context, inBanks, { normed, route }, x)
  if (!shared) return
  const gateUp = graph.activation('shared gate and up', [mode.rows, shared.gateUp.rows])
  linear(context, { matrix: shared.gateUp }, normed, gateUp)
  activateAndProject(context, { intermediateSize: layer.sharedIntermediateSize, tensors: shared }, gateUp, x)
}

/** normed = RMSNorm(x); logits = Router(normed). In prefill two dispatches, in decode one. */
function routerLogits(
  context: OpContext,
  { spec, layer, tensors }: MoeOperands,
  x: Activation,
  { normed, logits }: { readonly normed: Activation; readonly logits: Activation },
): void {
  if (context.mode.phase === 'prefill') {
    norm(context, { weight: tensors.postAttentionNorm, epsilon: spec.rmsNormEps }, x, normed)
    linear(context, { matrix: tensors.router, exact: true }, normed, logits)
    return
  }
  const gate = wholeMatrix(tensors.router)
  const { expertsPerWorkgroup } = chooseDispatchSizes(context.capabilities)
  context.graph.dispatch(routeLogits, {
    constants: {
      HIDDEN: spec.hiddenSize,
      EPSILON: spec.rmsNormEps,
      EXPERTS: layer.experts,
      PER_GROUP: expertsPerWorkgroup,
      WORKGROUP,
      ...gate.constants,
    },
    imports: { weights: gate.module, reduce: reduceModule(context) },
    operands: { x, norm: vectorResource(tensors.postAttentionNorm), weights: gate.weights, normed, logits },
    grid: (step) => [ceilDiv(layer.experts, expertsPerWorkgroup), step.tokens],
  })
}

/** Rows and the experts that each was routed to. */
interface RoutedRows {
  readonly normed: Activation // [tokens, hidden]
  readonly route: Activation // [tokens, expertsPerToken, 2]: expert and weight
}

function decodeExperts(
  context: OpContext,
  moe: MoeOperands,
  { normed, route }: RoutedRows,
  x: Activation,
): void {
  const { graph, mode } = context
  const { layer } = moe
  const { gateUp, down } = moe.tensors
  const { variants } = context.capabilities
  const [upTiling, downTiling] = [rowTilingOf(variants, 2), rowTilingOf(variants)]
  const size = sizeConstants(moe)
  const entries = layer.expertsPerToken + ceilDiv(size.SHARED_INTERMEDIATE, size.INTERMEDIATE)
  const inner = graph.activation('expert inner', [
    mode.rows * (layer.expertsPerToken + 1),
    size.INTERMEDIATE_STRIDE,
  ])
  forBanks(gateUp, variants.banks, (FIRST_BANK, weights, banks) => {
    graph.dispatch(expertUpDecode, {
      constants: { ...size, ...upConstants(gateUp), FIRST_BANK, ...upTiling.constants },
      imports: {
        ...decodeModules(context, gateUp.routed),
        banks,
        rowTiling: upTiling.module,
      },
      operands: { x: normed, route, slots: resource(gateUp.slots), inner, ...weights },
      grid: (step) => [entries, ceilDiv(size.INTERMEDIATE, upTiling.rows), step.tokens],
    })
  })
  forBanks(down, variants.banks, (FIRST_BANK, weights, banks) => {
    graph.dispatch(expertDownDecode, {
      constants: { ...size, ...downConstants(down), FIRST_BANK, ...downTiling.constants },
      imports: {
        ...decodeModules(context, down.routed),
        banks,
        rowTiling: downTiling.module,
      },
      operands: { inner, route, slots: resource(down.slots), y: x, ...weights },
      grid: (step) => [ceilDiv(size.HIDDEN, downTiling.rows), step.tokens],
    })
  })
}

function prefillExperts(
  context: OpContext,
  moe: MoeOperands,
  { normed, route }: RoutedRows,
  x: Activation,
): void {
  const { graph, mode } = context
  const { layer } = moe
  const { gateUp, down } = moe.tensors
  const size = sizeConstants(moe)
  const tiles = matmulTiles(context, gateUp.routed)
  const downTiles = matmulTiles(context, down.routed)
  const assignments = mode.rows * layer.expertsPerToken
  // Each expert's last tile may be partly filled; the shared expert takes every token once more.
  const tilesOf = (tokens: number) =>
    Math.min(layer.experts, tokens * layer.expertsPerToken) +
    ceilDiv(tokens * layer.expertsPerToken, tiles.rows) +
    (size.SHARED_INTERMEDIATE > 0 ? ceilDiv(tokens, tiles.rows) : 0)
  const TILES = tilesOf(mode.rows)
  const work: WorkPerGroup = (step) => tilesOf(step.tokens) / TILES // workgroups of other tiles end at once
  const group = { TILES, MAX_TOKENS: mode.rows }
  const grouped = graph.activation('grouped', [1, 1 + 3 * TILES + 2 * assignments], { type: 'u32' })
  const { EXPERTS, TOP_K, SHARED_INTERMEDIATE, HIDDEN } = size
  graph.dispatch(groupTokens, {
    constants: { EXPERTS, TOP_K, SHARED_INTERMEDIATE, ...group, TILE_ROWS: tiles.rows },
    operands: { route, grouped },
    grid: [1],
  })
  const rows = mode.rows * (layer.expertsPerToken + 1)
  const inner = graph.activation('expert inner', [rows, size.INTERMEDIATE_STRIDE])
  const output = graph.activation('expert output', [rows, HIDDEN])
  forBanks(gateUp, PREFILL_BANKS, (FIRST_BANK, weights, banks) => {
    graph.dispatch(expertUpPrefill, {
      constants: { ...size, ...upConstants(gateUp), ...group, FIRST_BANK },
      imports: { ...tiles.imports, banks },
      operands: { x: normed, grouped, slots: resource(gateUp.slots), inner, ...weights },
      grid: [ceilDiv(Math.max(size.INTERMEDIATE, size.SHARED_INTERMEDIATE), tiles.outs / 2), TILES],
      work,
    })
  })
  forBanks(down, PREFILL_BANKS, (FIRST_BANK, weights, banks) => {
    graph.dispatch(expertDownPrefill, {
      constants: { ...size, ...downConstants(down), ...group, FIRST_BANK },
      imports: { ...downTiles.imports, banks },
      operands: { inner, grouped, slots: resource(down.slots), output, ...weights },
      grid: [ceilDiv(HIDDEN, downTiles.outs), TILES],
      work,
    })
  })
  graph.dispatch(combineExperts, {
    constants: { HIDDEN, TOP_K, SHARED_INTERMEDIATE, ...group, WORKGROUP },
    operands: { output, route, grouped, y: x },
    grid: (step) => [ceilDiv(HIDDEN, WORKGROUP), step.tokens],
  })
}

function upConstants({ routed, shared }: GpuBank) {
  return {
    ...matrixConstants(routed, routed),
    UP: routed.starts[1] ?? 0,
    SHARED_UP: shared?.starts[1] ?? 0,
    SHARED_SCALES: shared?.scales ?? 0,
  }
}

function downConstants({ routed, shared }: GpuBank) {
  return {
    ...matrixConstants(routed, routed),
    SHARED_STRIDE: shared?.stride ?? 0,
    SHARED_SCALES: shared?.scales ?? 0,
    SHARED_SCALE_STRIDE: shared?.scaleStride ?? 0,
  }
}

type BankOperands = Readonly<Record<'weights0' | 'weights1' | 'weights2' | 'weights3', Resource>>

/**
 * Calls `dispatch` for each group of at most `maxBanks` banks, which one dispatch binds.
 * Unused bindings repeat the group's first bank; the shader never reads them.
 */
function forBanks(
  bank: GpuBank,
  maxBanks: 1 | 4,
  dispatch: (first: number, weights: BankOperands, module: string) => void,
): void {
  for (let first = 0; first < bank.banks.length; first += maxBanks) {
    const group = bank.banks.slice(first, first + maxBanks)
    const [head] = group
    if (!head) return
    const at = (index: number) => resource(group[index] ?? head)
    const module = group.length === 1 ? 'shared/banks_1' : 'shared/banks_4'
    dispatch(first, { weights0: at(0), weights1: at(1), weights2: at(2), weights3: at(3) }, module)
  }
}
