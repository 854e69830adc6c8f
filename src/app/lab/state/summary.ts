// Answers: how is a run told in a few words, and as a file? It must not know how it was made.
import type { Effort, Experiment, KernelRow, LabInfo } from '../../../lab/protocol.ts'
import { decisionsFor, othersOf } from './choices.ts'
import { variantName } from './words.ts'

/** What was run: a text of one's own, the engine's choice, or where it differs from that. */
export function summaryOf(experiment: Experiment, info: LabInfo, text: string | undefined): string {
  const others = othersOf(experiment, info).map((decision) =>
    variantName(decision, experiment.variants[decision] ?? ''),
  )
  const variant = others.length > 0 ? others.join('; ') : 'the engine’s choice'
  return text === undefined ? variant : `edited (${variant})`
}

export interface Timed {
  readonly experiment: Experiment
  readonly effort: Effort
  readonly text: string | undefined
  readonly row: KernelRow
  readonly engine: KernelRow | undefined
}

/** A result as `hadal bench-kernels --json` writes it: the engine's own row last where it was timed in turn; a text of one's own beside it. */
export function resultJson({ experiment, effort, text, row, engine }: Timed, info: LabInfo): string {
  const { adapter, capabilities } = info
  const { tokens } = experiment
  const decisions = decisionsFor(experiment, info)
  const variants = Object.fromEntries(
    decisions.map((decision) => [decision, experiment.variants[decision] ?? info.chosen[decision].variant]),
  )
  const result = {
    adapter,
    capabilities,
    options: { formats: [row.format], tokens, ...effort },
    variants,
    rows: engine ? [row, engine] : [row],
    ...(text !== undefined && { text }),
  }
  return `${JSON.stringify(result, undefined, 2)}\n`
}
