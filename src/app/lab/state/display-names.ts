// Display names of decisions, variants, formats and phases, and the description of the device.
import {
  DECODED_FORMATS,
  type Decision,
  type DecodedFormat,
  FORMATS,
  type LabInfo,
  matricesText,
  type Phase,
  type StorageFormat,
  type Variants,
} from '../../../bench/lab/protocol.ts'

/** Decisions other than the decoder of a format, whose names are in the format's row. */
type KernelDecision = Exclude<Decision, DecodedFormat>

const DECISION_NAMES: Readonly<Record<KernelDecision, string>> = {
  matvec: 'Weight rows',
  matmul: 'Matmul tiles',
  f16Tiles: 'f16 tiles',
  attention: 'Attention tiles',
  reduce: 'Workgroup reductions',
  banks: 'Expert banks',
}

const TILE_VARIANT_NAMES = {
  workgroup: 'through workgroup memory',
  broadcast4: 'broadcasts within subgroups of 4',
  broadcast8: 'broadcasts within subgroups of 8',
} as const

const VARIANT_NAMES: { readonly [D in KernelDecision]: Readonly<Record<`${Variants[D]}`, string>> } = {
  matvec: {
    lanes8: '8 lanes per row',
    lanes16: '16 lanes per row',
    lanes32: '32 lanes per row',
    single: '16 rows per lane',
    subgroup4: 'subgroups of 4 on 64 rows',
    subgroup8: 'subgroups of 8 on 64 rows',
  },
  matmul: { ...TILE_VARIANT_NAMES, subgroupMatrix: 'subgroup matrices' },
  f16Tiles: { plain: 'through workgroup memory', subgroupMatrix: 'subgroup matrices' },
  attention: TILE_VARIANT_NAMES,
  reduce: { plain: 'through workgroup memory', subgroup: 'within subgroups' },
  banks: { 1: 'one per dispatch', 4: 'four per dispatch' },
}

/** Tuning also measures the prefill chunk. */
const TUNED_NAMES: Readonly<Record<string, string>> = {
  ...DECISION_NAMES,
  ...Object.fromEntries(DECODED_FORMATS.map((format) => [format, `${FORMATS[format].label} decoding`])),
  prefillChunk: 'Prefill chunk',
}

/** Display name; the decision's own name if it has none. */
export const decisionName = (decision: string): string => ownOf(TUNED_NAMES, decision) ?? decision

export const variantName = (decision: string, variant: string | number): string =>
  ownOf<string>(variantNamesOf(decision) ?? {}, String(variant)) ?? String(variant)

const variantNamesOf = (decision: string): Readonly<Record<string, string>> | undefined =>
  ownOf(VARIANT_NAMES, decision) ?? ownOf(FORMATS, decision)?.decoders

/** Own properties only: names also come from files, and could be `constructor`. */
const ownOf = <T>(names: Readonly<Record<string, T>>, name: string): T | undefined =>
  Object.hasOwn(names, name) ? names[name] : undefined

/** The features of the device that the engine's choices depend on. */
export function deviceText({ capabilities }: LabInfo): string {
  const { software, f16, subgroups, subgroupSize, subgroupMatrices, timestamps } = capabilities
  return [
    software ? 'software adapter (CPU)' : 'a GPU',
    f16 ? 'with f16' : 'without f16',
    subgroups
      ? `subgroups of ${subgroupSize > 0 ? `at least ${subgroupSize}` : 'unknown size'}`
      : 'no subgroups',
    `subgroup matrices: ${matricesText(subgroupMatrices)}`,
    timestamps ? 'device timestamps' : 'timed by the wall clock',
  ].join(', ')
}

/** Name of a format and the weights that share a scale, such as `q8, blocks of 32`. */
export function formatName(format: StorageFormat): string {
  const { label, scale } = FORMATS[format]
  if (!scale) return label
  const { rows, cols } = scale.block
  return `${label}, blocks of ${rows === 1 ? cols : `${rows} × ${cols}`}`
}

export const PHASE_NAMES: Readonly<Record<Phase, string>> = {
  inputs: 'Generating weights and inputs',
  compile: 'Compiling',
  check: 'Checking the result against f64',
  ceiling: 'Measuring the roofline of this device',
  time: 'Timing',
}
