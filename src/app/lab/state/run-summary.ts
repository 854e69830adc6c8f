// Summarizes a run in a few words, and exports it as JSON.
import type { Experiment, KernelRow, LabInfo, TimingSettings } from '../../../bench/lab/protocol.ts'
import { variantName } from './display-names.ts'
import { changedDecisions, decisionsFor } from './experiment-choices.ts'

/** What ran: the edited source, the engine's choice, or the variants that differ from it. */
export function experimentSummary(experiment: Experiment, info: LabInfo, source: string | undefined): string {
  const others = changedDecisions(experiment, info).map((decision) =>
    variantName(decision, experiment.variants[decision] ?? ''),
  )
  const variant = others.length > 0 ? others.join('; ') : 'the engine’s choice'
  return source === undefined ? variant : `edited (${variant})`
}

export interface TimedRun {
  readonly experiment: Experiment
  readonly effort: TimingSettings
  readonly editedSource: string | undefined
  readonly row: KernelRow
  readonly engineRow: KernelRow | undefined
}

/**
 * A result in the format of `hadal bench-kernels --json`. The engine's own row comes last if it was timed
 * too; an edited source is added as `text`.
 */
export function resultJson(
  { experiment, effort, editedSource, row, engineRow }: TimedRun,
  info: LabInfo,
): string {
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
    rows: engineRow ? [row, engineRow] : [row],
    ...(editedSource !== undefined && { text: editedSource }),
  }
  return `${JSON.stringify(result, undefined, 2)}\n`
}
