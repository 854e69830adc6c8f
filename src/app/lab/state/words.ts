// Answers: how are devices, decisions and variants called in words? It must not know which is chosen.
import type { Decision, LabInfo, Phase, Variants } from '../../../lab/protocol.ts'

export const DECISION_NAMES: Readonly<Record<Decision, string>> = {
  rows: 'Weight rows',
  products: 'Tiles of products',
  halves: 'Tiles of f16',
  attention: 'Tiles of attention',
  reduce: 'Sums over a workgroup',
  fp8_block: 'Reading of FP8',
  q8: 'Reading of q8',
  q4: 'Reading of q4',
  banks: 'Banks of experts',
}

const sharing = {
  workgroup: 'through workgroup memory',
  spread_4: 'broadcasts among 4',
  spread_8: 'broadcasts among 8',
} as const

const codes = {
  plain: 'shifted and converted',
  mantissa: 'moved into the mantissa of f32',
  unorm: 'unpacked four at once',
} as const

const VARIANT_NAMES: { readonly [D in Decision]: Readonly<Record<`${Variants[D]}`, string>> } = {
  rows: {
    lanes_8: '8 neighbours on a row',
    lanes_16: '16 neighbours on a row',
    lanes_32: '32 neighbours on a row',
    alone: '16 rows, inputs of its own',
    columns_4: '4 side by side on 64 rows',
    columns_8: '8 side by side on 64 rows',
  },
  products: sharing,
  halves: { plain: 'through workgroup memory', matrix: 'by subgroup matrices' },
  attention: sharing,
  reduce: { plain: 'through workgroup memory', subgroup: 'within subgroups' },
  fp8_block: { plain: 'bit by bit', f16: 'by way of f16' },
  q8: codes,
  q4: codes,
  banks: { 1: 'one for each dispatch', 4: 'four for each dispatch' },
}

/** Tuning decides one thing more. */
const TUNED_NAMES = { ...DECISION_NAMES, chunk: 'Rows of a step of prefill' } as const

/** What has no name here goes by its own. */
export const decisionName = (decision: string): string => ownOf<string>(TUNED_NAMES, decision) ?? decision

export const variantName = (decision: string, variant: string | number): string =>
  ownOf<string>(ownOf(VARIANT_NAMES, decision) ?? {}, String(variant)) ?? String(variant)

/** Not what every object has: names come from files as well. */
const ownOf = <T>(names: Readonly<Record<string, T>>, name: string): T | undefined =>
  Object.hasOwn(names, name) ? names[name] : undefined

/** What of the device the engine's choices follow from. */
export function factsOf({ capabilities }: LabInfo): string {
  const { software, f16, subgroups, subgroupSize, timestamps } = capabilities
  return [
    software ? 'a processor playing GPU' : 'a GPU',
    f16 ? 'with f16' : 'without f16',
    subgroups
      ? `subgroups of ${subgroupSize > 0 ? `at least ${subgroupSize}` : 'untold size'}`
      : 'no subgroups',
    timestamps ? 'device timestamps' : 'timed by the wall clock',
  ].join(', ')
}

export const FORMAT_NAMES = {
  f32: 'F32',
  bf16: 'BF16',
  f16: 'F16',
  fp8_block: 'FP8, blocks of 128 × 128',
  q8: 'q8, runs of 32',
  q4: 'q4, runs of 32',
} as const

export const PHASE_NAMES: Readonly<Record<Phase, string>> = {
  draw: 'Drawing weights and inputs',
  compile: 'Compiling',
  prove: 'Holding the result against f64',
  ceiling: 'Finding out the most that this device can do',
  time: 'Timing in turn',
}
