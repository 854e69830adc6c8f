// The checks of every kernel, and the decisions about variants that affect each.
import { hasDecoders } from '../../gpu/formats.ts'
import { type Decision, PLAIN_VARIANTS, type Variants } from '../../gpu/variants.ts'
import { MATMUL_TILES, SUBGROUP_MATRIX_TILES } from '../../kernels/linear.ts'
import { expectDefined } from '../../lib/error.ts'
import type { Dispatch } from '../../program/graph.ts'
import {
  cachedAttentionCheck,
  mlaCombineSplitsCheck,
  mlaExpandKvCheck,
  mlaPrefillCheck,
} from './check-attention.ts'
import { mlaAbsorbQCheck, mlaWriteCheck, ropeQueryCheck } from './check-kv-write.ts'
import { embedCheck, linearCheck, rmsNormCheck, routeLogitsCheck, swigluCheck } from './check-matmul.ts'
import { adjustLogitsCheck, greedyCheck, minPCheck, topKTopPCheck } from './check-sampling.ts'
import type { CheckBuilder } from './kernel-check.ts'
import { weightFormatOf } from './random-weights.ts'

interface CheckedKernel {
  readonly decisions: readonly Decision[]
  readonly checks: readonly CheckBuilder[] | (() => Promise<readonly CheckBuilder[]>)
}

const kernel = (decisions: readonly Decision[], ...checks: readonly CheckBuilder[]): CheckedKernel => ({
  decisions,
  checks,
})

/** With checks that are loaded when wanted: many loads have none of these kernels. */
const rare = (decisions: readonly Decision[], check: () => Promise<CheckBuilder>): CheckedKernel => ({
  decisions,
  checks: async () => [await check()],
})
const others = () => import('./check-later.ts')
const experts = () => import('./check-experts.ts')
const routing = () => import('./check-routing.ts')

const CHECKED_KERNELS: Readonly<Record<string, CheckedKernel>> = {
  embed: kernel([], embedCheck),
  rms_norm: kernel(['reduce'], rmsNormCheck),
  rms_norm_pair: rare(['reduce'], async () => (await others()).rmsNormPairCheck),
  linear_decode: kernel(['matvec'], linearCheck),
  linear_prefill: kernel(['matmul'], linearCheck),
  swiglu: kernel([], swigluCheck),
  mla_write: kernel(['reduce'], mlaWriteCheck),
  rope_query: kernel([], ropeQueryCheck),
  mla_absorb_q: kernel(['reduce'], mlaAbsorbQCheck),
  mla_decode: kernel(['attention'], cachedAttentionCheck),
  mla_combine_splits: kernel([], mlaCombineSplitsCheck),
  mla_expand_kv: kernel(['matmul'], mlaExpandKvCheck),
  mla_prefill: kernel(['attention'], mlaPrefillCheck),
  mla_write_expanded: rare([], async () => (await others()).mlaWriteExpandedCheck),
  gqa_write: rare(['reduce'], async () => (await others()).gqaWriteCheck),
  gqa_decode: kernel(['attention'], cachedAttentionCheck),
  gqa_combine: rare([], async () => (await others()).gqaCombineCheck),
  gqa_prefill: kernel(['attention'], cachedAttentionCheck),
  route_logits: kernel(['reduce'], routeLogitsCheck),
  route: rare([], async () => (await routing()).routeCheck),
  expert_up_decode: rare(['matvec', 'banks'], async () => (await experts()).expertUpDecodeCheck),
  expert_down_decode: rare(['matvec', 'banks'], async () => (await experts()).expertDownDecodeCheck),
  group_tokens: rare([], async () => (await routing()).groupTokensCheck),
  expert_up_prefill: rare(['matmul'], async () => (await experts()).expertUpPrefillCheck),
  expert_down_prefill: rare(['matmul'], async () => (await experts()).expertDownPrefillCheck),
  combine_experts: rare([], async () => (await routing()).combineExpertsCheck),
  adjust_logits: kernel([], adjustLogitsCheck),
  sample_token: kernel([], greedyCheck, topKTopPCheck, minPCheck),
  top_logprobs: rare([], async () => (await others()).topLogprobsCheck),
  quantize: rare([], async () => (await import('./check-quantize.ts')).quantizeCheck),
}

/** The functions that build the checks of a dispatch. Throws `internal` for kernels that have none. */
export async function checkBuildersOf({ kernel: { name } }: Dispatch): Promise<readonly CheckBuilder[]> {
  const { checks } = expectDefined(CHECKED_KERNELS[name], `a check of ${name}`)
  return typeof checks === 'function' ? checks() : checks
}

/** Tiles that the user requested by `matmulPrecision`, and the decisions that choose among those. */
const REQUESTED_TILES: ReadonlyMap<string, readonly Decision[]> = new Map([
  [MATMUL_TILES.f16.module, []],
  [MATMUL_TILES.i8.module, []],
  [SUBGROUP_MATRIX_TILES.f16.module, ['f16Tiles']],
  [SUBGROUP_MATRIX_TILES.f32.module, ['matmul', 'f16Tiles']], // serves both precisions
])

/** The decisions that affect this dispatch. */
export function decisionsAffecting(dispatch: Dispatch): readonly Decision[] {
  const { kernel, imports } = dispatch
  const decisions = CHECKED_KERNELS[kernel.name]?.decisions ?? []
  if (decisions.includes('matmul')) return REQUESTED_TILES.get(imports.tile ?? '') ?? decisions
  const format = weightFormatOf(dispatch)
  // Only decode has several decoders.
  return decisions.includes('matvec') && format && hasDecoders(format) ? [...decisions, format] : decisions
}

/** Those decisions whose variant is not the plain one. */
export const fallbacksOf = (dispatch: Dispatch, variants: Variants): readonly Decision[] =>
  decisionsAffecting(dispatch).filter((decision) => variants[decision] !== PLAIN_VARIANTS[decision])

/**
 * Constants that switch a part of a kernel on or off and differ within a model. Products of decode accumulate
 * unless they have a norm, or are the head of prefill: its matrix is too large to be allocated twice.
 */
const switchesOf = ({ imports, constants: { ACCUMULATE = 0, LAST = 0 } }: Dispatch) =>
  imports.tile ? [ACCUMULATE] : [LAST]

/** What remains the same when variants change: kernel, weight format and prologue. */
export const roleOf = (dispatch: Dispatch): string =>
  [dispatch.kernel.name, weightFormatOf(dispatch), dispatch.imports.prologue].join()

/** Everything by which the text of a kernel differs, apart from its sizes. */
export const codeOf = (dispatch: Dispatch): string =>
  JSON.stringify([dispatch.kernel.path, dispatch.imports, switchesOf(dispatch)])

/** For each key the dispatch with the smallest matrix. */
export function smallestOf(
  dispatches: readonly Dispatch[],
  keyOf: (dispatch: Dispatch) => string,
): ReadonlyMap<string, Dispatch> {
  const found = new Map<string, Dispatch>()
  const size = ({ constants: { OUT, COUNT = 0, STRIDE = 0 } }: Dispatch) => (OUT ?? COUNT) * STRIDE
  for (const dispatch of dispatches) {
    const key = keyOf(dispatch)
    const known = found.get(key)
    if (!known || size(dispatch) < size(known)) found.set(key, dispatch)
  }
  return found
}
