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
import {
  expertDownDecodeCheck,
  expertDownPrefillCheck,
  expertUpDecodeCheck,
  expertUpPrefillCheck,
} from './check-experts.ts'
import { mlaAbsorbQCheck, mlaWriteCheck, ropeQueryCheck } from './check-kv-write.ts'
import { embedCheck, linearCheck, rmsNormCheck, routeLogitsCheck, swigluCheck } from './check-matmul.ts'
import { combineExpertsCheck, groupTokensCheck, routeCheck } from './check-routing.ts'
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

/** A kernel whose check is loaded when wanted. */
const later = (
  decisions: readonly Decision[],
  name: keyof typeof import('./check-later.ts'),
): CheckedKernel => ({ decisions, checks: async () => [(await import('./check-later.ts'))[name]] })

const CHECKED_KERNELS: Readonly<Record<string, CheckedKernel>> = {
  embed: kernel([], embedCheck),
  rms_norm: kernel(['reduce'], rmsNormCheck),
  rms_norm_pair: later(['reduce'], 'rmsNormPairCheck'),
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
  mla_write_expanded: later([], 'mlaWriteExpandedCheck'),
  gqa_write: later(['reduce'], 'gqaWriteCheck'),
  gqa_decode: kernel(['attention'], cachedAttentionCheck),
  gqa_combine: later([], 'gqaCombineCheck'),
  gqa_prefill: kernel(['attention'], cachedAttentionCheck),
  route_logits: kernel(['reduce'], routeLogitsCheck),
  route: kernel([], routeCheck),
  expert_up_decode: kernel(['matvec', 'banks'], expertUpDecodeCheck),
  expert_down_decode: kernel(['matvec', 'banks'], expertDownDecodeCheck),
  group_tokens: kernel([], groupTokensCheck),
  expert_up_prefill: kernel(['matmul'], expertUpPrefillCheck),
  expert_down_prefill: kernel(['matmul'], expertDownPrefillCheck),
  combine_experts: kernel([], combineExpertsCheck),
  adjust_logits: kernel([], adjustLogitsCheck),
  sample_token: kernel([], greedyCheck, topKTopPCheck, minPCheck),
  top_logprobs: later([], 'topLogprobsCheck'),
  // Loaded when wanted: most loads do not quantize.
  quantize: { decisions: [], checks: async () => [(await import('./check-quantize.ts')).quantizeCheck] },
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
