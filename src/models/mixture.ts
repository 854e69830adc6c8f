// Records the feed-forward part of a layer: a dense SwiGLU, or routed and shared experts
// (DeepSeek-V3, arXiv 2412.19437, section 2.1.2).
import type { GpuBank, GpuMatrix, GpuVector } from '../gpu/matrix.ts'
import { swiglu } from '../kernels/activation.ts'
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
import { type Activation, type Resource, resource } from '../program/graph.ts'
import {
  type Context,
  ceilDiv,
  decodeModules,
  linear,
  matrixConstants,
  norm,
  normedLinear,
  reduceModule,
  shareOf,
  tilesOf,
  vectorResource,
  WORKGROUP,
  whole,
} from './ops.ts'
import type { Mixture, ModelSpec } from './spec.ts'
import type { DenseTensors, MixtureTensors } from './tensors.ts'

/** Banks that one dispatch of prefill binds; more banks take more dispatches. */
const PREFILL_BANKS = 4

/** Experts whose logits one workgroup of route_logits computes. */
const EXPERTS_PER_WORKGROUP = 8

/** x += Down(silu(Gate(RMSNorm(x))) ⊙ Up(RMSNorm(x))). */
export function dense(
  context: Context,
  spec: ModelSpec,
  tensors: DenseTensors<GpuMatrix, GpuVector>,
  inner: number,
  x: Activation,
): void {
  const { graph, mode } = context
  const gateUp = graph.activation('gate and up', 'f32', mode.rows, tensors.up.rows)
  const inputNorm = { weight: tensors.norm, epsilon: spec.epsilon }
  normedLinear(context, { norm: inputNorm, matrix: tensors.up }, x, gateUp)
  const activated = graph.activation('inner', 'f32', mode.rows, inner)
  graph.dispatch(swiglu, {
    constants: { INNER: inner, UP: tensors.up.starts[1] ?? 0, X_STRIDE: gateUp.stride, WORKGROUP },
    operands: { x: gateUp, y: activated },
    grid: (step) => [ceilDiv(inner, WORKGROUP), step.tokens],
  })
  linear(context, tensors.down, activated, x, { accumulate: true })
}

/** One MoE layer: sizes and GPU tensors. */
interface MoeOperands {
  readonly spec: ModelSpec
  readonly layer: Mixture
  readonly tensors: MixtureTensors<GpuMatrix, GpuVector, GpuBank>
}

/** Shader constants that the expert kernels share. */
function sizeConstants({ spec, layer }: MoeOperands) {
  const widest = Math.max(layer.inner, layer.sharedInner)
  return {
    HIDDEN: spec.hidden,
    EXPERTS: layer.experts,
    ACTIVE: layer.active,
    INNER: layer.inner,
    SHARED: layer.sharedInner,
    I_STRIDE: ceilDiv(widest, 16) * 16,
  }
}

/** x += Σ w_e · E_e(RMSNorm(x)) + Shared(RMSNorm(x)). */
export function mixture(
  context: Context,
  spec: ModelSpec,
  layer: Mixture,
  tensors: MoeOperands['tensors'],
  noBias: Resource,
  x: Activation,
): void {
  const { graph, mode } = context
  const normed = graph.activation('normed', 'f32', mode.rows, spec.hidden)
  const logits = graph.activation('router logits', 'f32', mode.rows, layer.experts)
  const moe = { spec, layer, tensors }
  routerLogits(context, moe, x, { normed, logits })
  const route = graph.activation('route', 'u32', mode.rows, layer.active * 2)
  graph.dispatch(routeKernel, {
    constants: {
      EXPERTS: layer.experts,
      ACTIVE: layer.active,
      GROUPS: layer.groups,
      TOP_GROUPS: layer.topGroups,
      SIGMOID: layer.scoring === 'sigmoid',
      GROUP_TOP2: layer.groupScore === 'top2',
      NORMALISE: layer.normalise,
      SCALE: layer.scaling,
    },
    operands: { logits, bias: tensors.bias ? vectorResource(tensors.bias) : noBias, route },
    grid: (step) => [step.tokens],
  })
  const experts = mode.name === 'decode' ? decodeExperts : prefillExperts
  experts(context, moe, { normed, route }, x)
}

/** normed = RMSNorm(x); logits = Router(normed). In prefill two dispatches, in decode one. */
function routerLogits(
  context: Context,
  { spec, layer, tensors }: MoeOperands,
  x: Activation,
  { normed, logits }: { readonly normed: Activation; readonly logits: Activation },
): void {
  if (context.mode.name === 'prefill') {
    norm(context, { weight: tensors.norm, epsilon: spec.epsilon }, x, normed)
    linear(context, tensors.gate, normed, logits, { exact: true })
    return
  }
  const gate = whole(tensors.gate)
  context.graph.dispatch(routeLogits, {
    constants: {
      HIDDEN: spec.hidden,
      EPSILON: spec.epsilon,
      EXPERTS: layer.experts,
      PER_GROUP: EXPERTS_PER_WORKGROUP,
      WORKGROUP,
      ...gate.constants,
    },
    imports: { weights: gate.module, reduce: reduceModule(context) },
    operands: { x, norm: vectorResource(tensors.norm), weights: gate.weights, normed, logits },
    grid: (step) => [ceilDiv(layer.experts, EXPERTS_PER_WORKGROUP), step.tokens],
  })
}

/** Rows and the experts that each was routed to. */
interface RoutedRows {
  readonly normed: Activation // [tokens, hidden]
  readonly route: Activation // [tokens, expertsPerToken, 2]: expert and weight
}

function decodeExperts(
  context: Context,
  moe: MoeOperands,
  { normed, route }: RoutedRows,
  x: Activation,
): void {
  const { graph, mode } = context
  const { layer } = moe
  const { up, down } = moe.tensors
  const { variants } = context.capabilities
  const [upTiling, downTiling] = [shareOf(variants, 2), shareOf(variants)]
  const size = sizeConstants(moe)
  const entries = layer.active + ceilDiv(size.SHARED, size.INNER)
  const inner = graph.activation('expert inner', 'f32', mode.rows * (layer.active + 1), size.I_STRIDE)
  forBanks(up, variants.banks, (FIRST_BANK, weights, banks) => {
    graph.dispatch(expertUpDecode, {
      constants: { ...size, ...upConstants(up), FIRST_BANK, ...upTiling.constants },
      imports: {
        ...decodeModules(context, up.routed),
        banks,
        share: upTiling.module,
      },
      operands: { x: normed, route, slots: resource(up.slots), inner, ...weights },
      grid: (step) => [entries, ceilDiv(size.INNER, upTiling.rows), step.tokens],
    })
  })
  forBanks(down, variants.banks, (FIRST_BANK, weights, banks) => {
    graph.dispatch(expertDownDecode, {
      constants: { ...size, ...downConstants(down), FIRST_BANK, ...downTiling.constants },
      imports: {
        ...decodeModules(context, down.routed),
        banks,
        share: downTiling.module,
      },
      operands: { inner, route, slots: resource(down.slots), y: x, ...weights },
      grid: (step) => [ceilDiv(size.HIDDEN, downTiling.rows), step.tokens],
    })
  })
}

function prefillExperts(
  context: Context,
  moe: MoeOperands,
  { normed, route }: RoutedRows,
  x: Activation,
): void {
  const { graph, mode } = context
  const { layer } = moe
  const { up, down } = moe.tensors
  const size = sizeConstants(moe)
  const tiles = tilesOf(context, up.routed)
  const downTiles = tilesOf(context, down.routed)
  const assignments = mode.rows * layer.active
  // Each expert's last tile may be partly filled; the shared expert takes every token once more.
  const TILES =
    Math.min(layer.experts, assignments) +
    ceilDiv(assignments, tiles.rows) +
    (size.SHARED > 0 ? ceilDiv(mode.rows, tiles.rows) : 0)
  const group = { TILES, MAX_TOKENS: mode.rows }
  const grouped = graph.activation('grouped', 'u32', 1, 1 + 3 * TILES + 2 * assignments)
  const { EXPERTS, ACTIVE, SHARED, HIDDEN } = size
  graph.dispatch(groupTokens, {
    constants: { EXPERTS, ACTIVE, SHARED, ...group, TILE_ROWS: tiles.rows },
    operands: { route, grouped },
    grid: [1],
  })
  const rows = mode.rows * (layer.active + 1)
  const inner = graph.activation('expert inner', 'f32', rows, size.I_STRIDE)
  const output = graph.activation('expert output', 'f32', rows, HIDDEN)
  forBanks(up, PREFILL_BANKS, (FIRST_BANK, weights, banks) => {
    graph.dispatch(expertUpPrefill, {
      constants: { ...size, ...upConstants(up), ...group, FIRST_BANK },
      imports: { ...tiles.imports, banks },
      operands: { x: normed, grouped, slots: resource(up.slots), inner, ...weights },
      grid: [ceilDiv(Math.max(size.INNER, size.SHARED), tiles.outs / 2), TILES],
    })
  })
  forBanks(down, PREFILL_BANKS, (FIRST_BANK, weights, banks) => {
    graph.dispatch(expertDownPrefill, {
      constants: { ...size, ...downConstants(down), ...group, FIRST_BANK },
      imports: { ...downTiles.imports, banks },
      operands: { inner, grouped, slots: resource(down.slots), output, ...weights },
      grid: [ceilDiv(HIDDEN, downTiles.outs), TILES],
    })
  })
  graph.dispatch(combineExperts, {
    constants: { HIDDEN, ACTIVE, SHARED, ...group, WORKGROUP },
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
