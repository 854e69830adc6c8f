// Table of the measured variants of each decision.

import type { TunedDecision } from '../../../bench/lab/protocol.ts'
import { ScrollingTable } from '../../shared/scrolling-table.tsx'
import { decisionName, variantName } from '../state/display-names.ts'
import { tunedDecisions, tuningState } from '../state/tuning.ts'
import { timeRatioText, timeSpreadText, VERDICT_NAMES, variantVerdictOf } from '../state/tuning-text.ts'

const COLUMNS = ['Variant', 'Of the default’s time', 'Spread']

export function TunedTable() {
  if (tunedDecisions.value.length === 0)
    return <NothingTuned running={tuningState.value.phase === 'running'} />
  return (
    <div>
      <ScrollingTable name="Measured variants" columns={COLUMNS}>
        {tunedDecisions.value.map((row) => (
          <DecisionRows key={row.decision} row={row} />
        ))}
      </ScrollingTable>
      <p class="figures">
        Of the default’s time: geometric mean over the kernels that depend on the decision, each with the
        winners of the decisions above it. Spread: half the range of the middle half of the times.
      </p>
    </div>
  )
}

function NothingTuned({ running }: { running: boolean }) {
  return (
    <div class="chart nothing">
      <p>{running ? 'Measuring the first decision…' : 'Nothing measured in this tab yet.'}</p>
      <p class="figures">
        Each decision appears here when it is made: the time of each variant relative to the default, and the
        variants that give wrong results on this adapter.
      </p>
    </div>
  )
}

function DecisionRows({ row }: { row: TunedDecision }) {
  const { decision, variants } = row
  return (
    <tbody>
      <tr>
        <th colSpan={COLUMNS.length} scope="rowgroup">
          {decisionName(decision)}
        </th>
      </tr>
      {variants.map((variant) => {
        const verdict = variantVerdictOf(row, variant)
        return (
          <tr key={variant.variant} class={verdict}>
            <td>
              {variantName(decision, variant.variant)} <span class="verdict">{VERDICT_NAMES[verdict]}</span>
            </td>
            <td>{timeRatioText(variant)}</td>
            <td>{timeSpreadText(variant)}</td>
          </tr>
        )
      })}
    </tbody>
  )
}
