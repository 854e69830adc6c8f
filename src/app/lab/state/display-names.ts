// Display names of decisions, variants, formats and phases, and the description of the device.
import type { Decision, LabInfo, Phase, Variants } from '../../../bench/lab/protocol.ts'

export const DECISION_NAMES: Readonly<Record<Decision, string>> = {
  matvec: 'Weight rows',
  matmul: 'Matmul tiles',
  f16Tiles: 'f16 tiles',
  attention: 'Attention tiles',
  reduce: 'Workgroup reductions',
  fp8_block: 'FP8 decoding',
  q8: 'q8 decoding',
  q4: 'q4 decoding',
  banks: 'Expert banks',
}

const TILE_VARIANT_NAMES = {
  workgroup: 'through workgroup memory',
  broadcast4: 'broadcasts within subgroups of 4',
  broadcast8: 'broadcasts within subgroups of 8',
} as const

const DECODER_NAMES = {
  plain: 'shifted, then converted',
  mantissa: 'moved into the mantissa of f32',
  unorm: 'unpacked four at once',
} as const

const VARIANT_NAMES: { readonly [D in Decision]: Readonly<Record<`${Variants[D]}`, string>> } = {
  matvec: {
    lanes8: '8 lanes per row',
    lanes16: '16 lanes per row',
    lanes32: '32 lanes per row',
    single: '16 rows per lane',
    subgroup4: 'subgroups of 4 on 64 rows',
    subgroup8: 'subgroups of 8 on 64 rows',
  },
  matmul: TILE_VARIANT_NAMES,
  f16Tiles: { plain: 'through workgroup memory', subgroupMatrix: 'subgroup matrices' },
  attention: TILE_VARIANT_NAMES,
  reduce: { plain: 'through workgroup memory', subgroup: 'within subgroups' },
  fp8_block: { plain: 'bit by bit', f16: 'through f16' },
  q8: DECODER_NAMES,
  q4: DECODER_NAMES,
  banks: { 1: 'one per dispatch', 4: 'four per dispatch' },
}

/** Tuning also measures the prefill chunk. */
const TUNED_NAMES = { ...DECISION_NAMES, prefillChunk: 'Prefill chunk' } as const

/** Display name; the decision's own name if it has none. */
export const decisionName = (decision: string): string => ownOf<string>(TUNED_NAMES, decision) ?? decision

export const variantName = (decision: string, variant: string | number): string =>
  ownOf<string>(ownOf(VARIANT_NAMES, decision) ?? {}, String(variant)) ?? String(variant)

/** Own properties only: names also come from files, and could be `constructor`. */
const ownOf = <T>(names: Readonly<Record<string, T>>, name: string): T | undefined =>
  Object.hasOwn(names, name) ? names[name] : undefined

/** The features of the device that the engine's choices depend on. */
export function deviceText({ capabilities }: LabInfo): string {
  const { software, f16, subgroups, subgroupSize, timestamps } = capabilities
  return [
    software ? 'software adapter (CPU)' : 'a GPU',
    f16 ? 'with f16' : 'without f16',
    subgroups
      ? `subgroups of ${subgroupSize > 0 ? `at least ${subgroupSize}` : 'unknown size'}`
      : 'no subgroups',
    timestamps ? 'device timestamps' : 'timed by the wall clock',
  ].join(', ')
}

export const FORMAT_NAMES = {
  f32: 'F32',
  bf16: 'BF16',
  f16: 'F16',
  fp8_block: 'FP8, blocks of 128 × 128',
  q8: 'q8, blocks of 32',
  q4: 'q4, blocks of 32',
} as const

export const PHASE_NAMES: Readonly<Record<Phase, string>> = {
  inputs: 'Generating weights and inputs',
  compile: 'Compiling',
  check: 'Checking the result against f64',
  ceiling: 'Measuring the roofline of this device',
  time: 'Timing',
}
