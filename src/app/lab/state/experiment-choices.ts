// The choices of the lab and their defaults: kernel, role, format, variants and effort. Pure functions of
// what the device reports.
import {
  type Decision,
  type Experiment,
  GIVEN_ROLE,
  type LabCase,
  type LabInfo,
  type TimingSettings,
} from '../../../bench/lab/protocol.ts'

const MIB = 1024 * 1024

export const ROUND_MIB_OPTIONS: readonly number[] = [8, 32, 128, 512]
export const REPETITION_OPTIONS: readonly number[] = [3, 9, 31]
export const MAX_ROUND_MIB = 4096
export const MAX_REPETITIONS = 1000
export const MAX_ROWS = 1 << 18
export const MAX_COLS = 1 << 16

/** Input rows that a kernel can process at once. */
export const maxTokens = ({ prefill }: LabCase): number => (prefill ? 1024 : 8)

const defaultTokens = ({ prefill }: LabCase, { capabilities }: LabInfo): number =>
  prefill ? (capabilities.software ? 64 : 512) : 1

export const isDecision = (name: string, possible: LabInfo['possible']): name is Decision =>
  Object.hasOwn(possible, name)

/** The kernel that takes most of a decode step, in the format of DeepSeek's own weights. */
export function defaultExperiment(info: LabInfo): Experiment {
  const base: Experiment = {
    kernel: 'linear_decode',
    role: 'attention out',
    shape: { rows: 2048, cols: 2048 },
    format: 'fp8_block',
    tokens: 1,
    variants: {},
  }
  return withCase(base, info, base.kernel, base.role)
}

/** A software adapter is slow, so it gets less to do. */
export function defaultEffort({ capabilities: { software } }: LabInfo): TimingSettings {
  return { roundBytes: (software ? 8 : 128) * MIB, repetitions: software ? 3 : 9 }
}

/** The case of a kernel in a role; an empty one if there is none. */
export function labCaseOf(
  { kernel, role }: Pick<Experiment, 'kernel' | 'role'>,
  { cases }: LabInfo,
): LabCase {
  const found = cases.find((known) => known.kernel === kernel && known.role === role)
  return found ?? { kernel, role, prefill: false, formats: [], decisions: [] }
}

export const kernelsOf = ({ cases }: LabInfo): readonly string[] => [
  ...new Set(cases.map(({ kernel }) => kernel)),
]

export const rolesOf = ({ cases }: LabInfo, kernel: string): readonly string[] =>
  cases.filter((known) => known.kernel === kernel).map(({ role }) => role)

/**
 * Switches to another kernel, in the same role if it has that role. Between decode and prefill the number of
 * input rows is reset to the default.
 */
export function withCase(experiment: Experiment, info: LabInfo, kernel: string, role?: string): Experiment {
  const roles = rolesOf(info, kernel)
  const [first = ''] = roles
  const nextRole =
    [role, experiment.role].find((preferred) => preferred !== undefined && roles.includes(preferred)) ?? first
  const next = labCaseOf({ kernel, role: nextRole }, info)
  const samePhase = labCaseOf(experiment, info).prefill === next.prefill
  const tokens = samePhase ? Math.min(experiment.tokens, maxTokens(next)) : defaultTokens(next, info)
  return { ...experiment, kernel, role: nextRole, tokens }
}

/** The decisions with a choice on this device. Those of a weight format count only in that format. */
export function decisionsFor(experiment: Experiment, info: LabInfo): readonly Decision[] {
  const formats: readonly string[] = info.formats
  return labCaseOf(experiment, info).decisions.filter(
    (decision) =>
      (!formats.includes(decision) || decision === experiment.format) && info.possible[decision].length > 1,
  )
}

/** The decisions for which a variant other than the engine's is chosen. */
export function changedDecisions(experiment: Experiment, info: LabInfo): readonly Decision[] {
  return decisionsFor(experiment, info).filter((decision) => {
    const chosen = experiment.variants[decision]
    return chosen !== undefined && chosen !== info.chosen[decision].variant
  })
}

/** Chooses a variant for a decision. The engine's own variant is stored as no choice. */
export function withVariant(
  experiment: Experiment,
  info: LabInfo,
  decision: Decision,
  name: string,
): Experiment {
  const { [decision]: _, ...others } = experiment.variants
  const variant = [...info.possible[decision]].find((possible) => String(possible) === name)
  const isDefault = variant === info.chosen[decision].variant
  return { ...experiment, variants: isDefault ? others : { ...others, [decision]: variant } }
}

/** True for the role whose matrix shape the user sets. */
export const hasCustomShape = ({ role }: Pick<Experiment, 'role'>): boolean => role === GIVEN_ROLE
