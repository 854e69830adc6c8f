// Table of all runs in this tab.
import { ScrollingTable } from '../../shared/scrolling-table.tsx'
import { type LabRun, labRuns, shownNumber } from '../state/lab-runs.ts'
import { percentText, relativeErrorText, spreadText } from '../state/number-text.ts'

const COLUMNS = [
  'Run',
  'Kernel',
  'Case',
  'Variant',
  'Error',
  'Time',
  'Of the ceiling',
  'Of the engine’s time',
]

export function RunHistory() {
  if (labRuns.value.length === 0) return null
  return (
    <section class="history" aria-labelledby="history-title">
      <h2 id="history-title">Runs in this tab</h2>
      <ScrollingTable name="Runs in this tab" columns={COLUMNS}>
        <tbody>
          {labRuns.value.map((finding) => (
            <HistoryRow key={finding.number} of={finding} />
          ))}
        </tbody>
      </ScrollingTable>
      <p class="figures">
        Of the engine’s time: divided by the time of the engine’s own variant, timed alternately in the same
        run. Times of different runs may differ for other reasons.
      </p>
    </section>
  )
}

function HistoryRow({
  of: { number, experiment, summary: what, accuracy, row, engineRow: engine },
}: {
  of: LabRun
}) {
  const { kernel, role, shape, format, tokens } = experiment
  const wrong = accuracy !== undefined && !accuracy.passed
  return (
    <tr class={wrong ? 'wrong' : ''}>
      <td>
        <button
          class="quiet"
          type="button"
          aria-pressed={shownNumber.value === number}
          aria-label={`Show run ${number}`}
          onClick={() => {
            shownNumber.value = number
          }}
        >
          {number}
        </button>
      </td>
      <td>{kernel}</td>
      <td>
        {role === 'given' ? `${shape.rows} × ${shape.cols}` : role}, {row?.format ?? format}, {tokens}{' '}
        {tokens === 1 ? 'row' : 'rows'}
      </td>
      <td class="what">{what}</td>
      <td class={wrong ? 'check' : ''}>
        {wrong && 'wrong: '}
        {relativeErrorText(accuracy?.error ?? Number.NaN)}
      </td>
      <td>{row ? spreadText(row.time) : 'not timed'}</td>
      <td>{row ? percentText(row.fractionOfCeiling) : ''}</td>
      <td>{row && (engine ? `${(row.time.ms / engine.time.ms).toFixed(2)} ×` : 'the engine’s own')}</td>
    </tr>
  )
}
