// Answers: what was measured for each decision? Variant by variant, against the default. It must not know what becomes of it.

import type { TunedDecision } from '../../../lab/protocol.ts'
import { ScrollingTable } from '../../view/scrolling-table.tsx'
import { multiple, spreadOf, VERDICT_NAMES, verdictOf } from '../state/tuned-words.ts'
import { rows, tuning } from '../state/tuning.ts'
import { decisionName, variantName } from '../state/words.ts'

const columns = ['Variant', 'Of the default’s time', 'Spread']

export function TunedTable() {
  if (rows.value.length === 0) return <Nothing running={tuning.value.phase === 'running'} />
  return (
    <div>
      <ScrollingTable name="What was measured" columns={columns}>
        {rows.value.map((row) => (
          <Measured key={row.decision} row={row} />
        ))}
      </ScrollingTable>
      <p class="figures">
        Of the default’s time: the geometric mean over the kernels that depend on the decision, each with the
        winners of the decisions above it. Spread: half of what the middle half of the times lies in.
      </p>
    </div>
  )
}

function Nothing({ running }: { running: boolean }) {
  return (
    <div class="chart nothing">
      <p>{running ? 'The first decision is being measured.' : 'Nothing was measured in this tab yet.'}</p>
      <p class="figures">
        Each decision appears here when it is made: how long each variant takes as a multiple of the default’s
        time, and which compute wrongly on this adapter.
      </p>
    </div>
  )
}

function Measured({ row }: { row: TunedDecision }) {
  const { decision, variants } = row
  return (
    <tbody>
      <tr>
        <th colSpan={columns.length} scope="rowgroup">
          {decisionName(decision)}
        </th>
      </tr>
      {variants.map((each) => {
        const verdict = verdictOf(row, each)
        return (
          <tr key={each.variant} class={verdict}>
            <td>
              {variantName(decision, each.variant)} <span class="verdict">{VERDICT_NAMES[verdict]}</span>
            </td>
            <td>{multiple(each)}</td>
            <td>{spreadOf(each)}</td>
          </tr>
        )
      })}
    </tbody>
  )
}
