// Answers: how do the lab's choices travel in an address? As the part behind the #; believed only as far as this device and this version
// have what it names. It must not know what is done with them.
import { type Decision, type Effort, type Experiment, GIVEN, type LabInfo } from '../../../lab/protocol.ts'
import { countOf, linkParts } from '../../state/link-parts.ts'
import {
  caseOf,
  isDecision,
  MOST_COLS,
  MOST_MIB,
  MOST_REPETITIONS,
  MOST_ROWS,
  mostTokens,
  proposedEffort,
  proposedExperiment,
  withCase,
} from './choices.ts'

const MIB = 1024 * 1024

export interface Link {
  readonly experiment: Experiment
  readonly effort: Effort
  /** Parts that were not understood, and are left out. */
  readonly refused: readonly string[]
}

/** The link's text, without the #. */
export function writeLink(experiment: Experiment, effort: Effort): string {
  const { kernel, role, shape, format, tokens, variants } = experiment
  const other = Object.entries(variants).map(([decision, variant]) => `${decision}:${variant}`)
  const parts = new URLSearchParams({
    kernel,
    role,
    ...(role === GIVEN && { shape: `${shape.rows}x${shape.cols}` }),
    format,
    tokens: String(tokens),
    ...(other.length > 0 && { variants: other.join(',') }),
    mib: String(effort.roundBytes / MIB),
    times: String(effort.repetitions),
  })
  return parts.toString().replaceAll('%2C', ',').replaceAll('%3A', ':')
}

/** Reads what somebody may have written by hand. */
export function readLink(hash: string, info: LabInfo): Link {
  const { part, refused } = linkParts(hash)
  const base = proposedExperiment(info)
  const kernel = part('kernel', (text) => info.cases.find((each) => each.kernel === text)?.kernel)
  const role = part('role', (text) =>
    info.cases.some((each) => each.kernel === (kernel ?? base.kernel) && each.role === text)
      ? text
      : undefined,
  )
  const chosen = withCase(base, info, kernel ?? base.kernel, role)
  const format = part('format', (text) => info.formats.find((each) => each === text))
  const most = mostTokens(caseOf(chosen, info))
  const tokens = part('tokens', (text) => countOf(text, 1, most))
  const shape = part('shape', (text) => shapeOf(text, info.columns))
  const variants = part('variants', (text) => variantsOf(text, info))
  const effort = proposedEffort(info)
  const mib = part('mib', (text) => countOf(text, 1, MOST_MIB))
  const repetitions = part('times', (text) => countOf(text, 1, MOST_REPETITIONS))
  return {
    experiment: {
      ...chosen,
      ...(format && { format }),
      ...(tokens && { tokens }),
      ...(shape && { shape }),
      ...(variants && { variants }),
    },
    effort: {
      roundBytes: mib ? mib * MIB : effort.roundBytes,
      repetitions: repetitions ?? effort.repetitions,
    },
    refused,
  }
}

function shapeOf(text: string, columns: number): Experiment['shape'] | undefined {
  const [, height = '', width = ''] = /^(\d+)x(\d+)$/.exec(text) ?? []
  const [rows, cols] = [countOf(height, 1, MOST_ROWS), countOf(width, columns, MOST_COLS)]
  return rows && cols && cols % columns === 0 ? { rows, cols } : undefined
}

/** All of them, or none: a list that this device has half of would be another experiment. */
function variantsOf(text: string, { possible }: LabInfo): Experiment['variants'] | undefined {
  const found = text.split(',').map((each): [Decision, string | number] | undefined => {
    const [decision = '', name = ''] = each.split(':')
    if (!isDecision(decision, possible)) return undefined
    const variant = [...possible[decision]].find((own) => String(own) === name)
    return variant === undefined ? undefined : [decision, variant]
  })
  const known = found.filter((each) => each !== undefined)
  return known.length === found.length ? Object.fromEntries(known) : undefined
}
