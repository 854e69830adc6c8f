// Permalinks of the lab: the choices behind the #. A part counts only if this device and this version have
// what it names.
import {
  type Decision,
  type Experiment,
  GIVEN_ROLE,
  type LabInfo,
  type TimingSettings,
} from '../../../bench/lab/protocol.ts'
import { linkText, type ParsedLink, parseCount, parseLinkFields } from '../../shared/permalink.tsx'
import {
  defaultEffort,
  defaultExperiment,
  isDecision,
  labCaseOf,
  MAX_COLS,
  MAX_REPETITIONS,
  MAX_ROUND_MIB,
  MAX_ROWS,
  maxTokens,
  withCase,
} from './experiment-choices.ts'

const MIB = 1024 * 1024

export interface LabLink extends ParsedLink {
  readonly experiment: Experiment
  readonly effort: TimingSettings
}

/** The text of the link, without the #. */
export function writeLabLink(experiment: Experiment, effort: TimingSettings): string {
  const { kernel, role, shape, format, tokens, variants } = experiment
  const chosen = Object.entries(variants).map(([decision, variant]) => `${decision}:${variant}`)
  return linkText({
    kernel,
    role,
    shape: role === GIVEN_ROLE ? `${shape.rows}x${shape.cols}` : undefined,
    format,
    tokens: String(tokens),
    variants: chosen.length > 0 ? chosen.join(',') : undefined,
    mib: String(effort.roundBytes / MIB),
    times: String(effort.repetitions),
  })
}

/** Reads a link, which may be written by hand: parts out of range are refused, not clamped. */
export function readLabLink(hash: string, info: LabInfo): LabLink {
  const { field, refused } = parseLinkFields(hash)
  const base = defaultExperiment(info)
  const kernel = field('kernel', (text) => info.cases.find((known) => known.kernel === text)?.kernel)
  const role = field('role', (text) =>
    info.cases.some((known) => known.kernel === (kernel ?? base.kernel) && known.role === text)
      ? text
      : undefined,
  )
  const chosen = withCase(base, info, kernel ?? base.kernel, role)
  const format = field('format', (text) => info.formats.find((known) => known === text))
  const tokens = field('tokens', (text) => parseCount(text, 1, maxTokens(labCaseOf(chosen, info))))
  const shape = field('shape', (text) => shapeOf(text, info.columns))
  const variants = field('variants', (text) => variantsOf(text, info))
  const effort = defaultEffort(info)
  const mib = field('mib', (text) => parseCount(text, 1, MAX_ROUND_MIB))
  const repetitions = field('times', (text) => parseCount(text, 1, MAX_REPETITIONS))
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
  const [rows, cols] = [parseCount(height, 1, MAX_ROWS), parseCount(width, columns, MAX_COLS)]
  return rows && cols && cols % columns === 0 ? { rows, cols } : undefined
}

/** All variants or none: dropping one that this device lacks would be a different experiment. */
function variantsOf(text: string, { possible }: LabInfo): Experiment['variants'] | undefined {
  const found = text.split(',').map((pair): [Decision, string | number] | undefined => {
    const [decision = '', name = ''] = pair.split(':')
    if (!isDecision(decision, possible)) return undefined
    const variant = [...possible[decision]].find((known) => String(known) === name)
    return variant === undefined ? undefined : [decision, variant]
  })
  const known = found.filter((pair) => pair !== undefined)
  return known.length === found.length ? Object.fromEntries(known) : undefined
}
