// Answers: what can be chosen in the lab, and what is chosen if nobody says? Pure; by what the device tells of itself.
// It must not know how a choice is made, nor what comes of it.
import {
  type Decision,
  type Effort,
  type Experiment,
  GIVEN,
  type LabCase,
  type LabInfo,
} from '../../../lab/protocol.ts'

const MIB = 1024 * 1024

export const ROUND_MIB: readonly number[] = [8, 32, 128, 512]
export const REPETITIONS: readonly number[] = [3, 9, 31]
export const MOST_MIB = 4096
export const MOST_REPETITIONS = 1000
export const MOST_ROWS = 1 << 18
export const MOST_COLS = 1 << 16

/** Rows that a kernel takes at once. */
export const mostTokens = ({ prefill }: LabCase): number => (prefill ? 1024 : 8)

const usualTokens = ({ prefill }: LabCase, { capabilities }: LabInfo): number =>
  prefill ? (capabilities.software ? 64 : 512) : 1

export const isDecision = (name: string, possible: LabInfo['possible']): name is Decision =>
  Object.hasOwn(possible, name)

/** The kernel that most of a token's time goes to, in the format of DeepSeek's own weights. */
export function proposedExperiment(info: LabInfo): Experiment {
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

/** A processor that plays GPU is slow: it gets less to do. */
export function proposedEffort({ capabilities: { software } }: LabInfo): Effort {
  return { roundBytes: (software ? 8 : 128) * MIB, repetitions: software ? 3 : 9 }
}

export function caseOf({ kernel, role }: Pick<Experiment, 'kernel' | 'role'>, { cases }: LabInfo): LabCase {
  const found = cases.find((each) => each.kernel === kernel && each.role === role)
  return found ?? { kernel, role, prefill: false, formats: [], decisions: [] }
}

export const kernelsOf = ({ cases }: LabInfo): readonly string[] => [
  ...new Set(cases.map(({ kernel }) => kernel)),
]

export const rolesOf = ({ cases }: LabInfo, kernel: string): readonly string[] =>
  cases.filter((each) => each.kernel === kernel).map(({ role }) => role)

/** Another kernel: in the same role if it has it, with as many rows as are usual where the old number means something else. */
export function withCase(experiment: Experiment, info: LabInfo, kernel: string, role?: string): Experiment {
  const roles = rolesOf(info, kernel)
  const [first = ''] = roles
  const own = [role, experiment.role].find((each) => each !== undefined && roles.includes(each)) ?? first
  const next = caseOf({ kernel, role: own }, info)
  const same = caseOf(experiment, info).prefill === next.prefill
  const tokens = same ? Math.min(experiment.tokens, mostTokens(next)) : usualTokens(next, info)
  return { ...experiment, kernel, role: own, tokens }
}

/** The decisions that matter: those of formats in that format alone, and only where there is a choice. */
export function decisionsFor(experiment: Experiment, info: LabInfo): readonly Decision[] {
  const formats: readonly string[] = info.formats
  return caseOf(experiment, info).decisions.filter(
    (decision) =>
      (!formats.includes(decision) || decision === experiment.format) && info.possible[decision].length > 1,
  )
}

/** The variants that are asked for and matter, where they are not the engine's. */
export function othersOf(experiment: Experiment, info: LabInfo): readonly Decision[] {
  return decisionsFor(experiment, info).filter((decision) => {
    const asked = experiment.variants[decision]
    return asked !== undefined && asked !== info.chosen[decision].variant
  })
}

/** A variant for a decision; the engine's own need not be asked for. */
export function withVariant(
  experiment: Experiment,
  info: LabInfo,
  decision: Decision,
  name: string,
): Experiment {
  const { [decision]: _, ...others } = experiment.variants
  const variant = [...info.possible[decision]].find((own) => String(own) === name)
  const own = variant === info.chosen[decision].variant
  return { ...experiment, variants: own ? others : { ...others, [decision]: variant } }
}

export const isShaped = ({ role }: Pick<Experiment, 'role'>): boolean => role === GIVEN
