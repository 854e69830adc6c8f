// Answers: what came of the runs of this tab, side by side? It must not know how any of them was made.
import { ScrollingTable } from '../../view/scrolling-table.tsx'
import { errorText, percent, spreadText } from '../state/figures.ts'
import { type Finding, findings, shownNumber } from '../state/runs.ts'

const columns = ['Run', 'Kernel', 'Case', 'What ran', 'Error', 'Time', 'Share', 'Of the engine’s time']

export function History() {
  if (findings.value.length === 0) return null
  return (
    <section class="history" aria-labelledby="history-title">
      <h2 id="history-title">Runs in this tab</h2>
      <ScrollingTable name="Runs in this tab" columns={columns}>
        <tbody>
          {findings.value.map((finding) => (
            <Row key={finding.number} of={finding} />
          ))}
        </tbody>
      </ScrollingTable>
      <p class="figures">
        Of the engine’s time: against what the engine would have run, timed in turn in the same run. Times of
        different runs may differ for other reasons.
      </p>
    </section>
  )
}

function Row({ of: { number, experiment, what, proof, row, engine } }: { of: Finding }) {
  const { kernel, role, shape, format, tokens } = experiment
  const wrong = proof !== undefined && !proof.right
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
        {errorText(proof?.error ?? Number.NaN)}
      </td>
      <td>{row ? spreadText(row.time) : 'not timed'}</td>
      <td>{row ? percent(row.share) : ''}</td>
      <td>{row && (engine ? `${(row.time.ms / engine.time.ms).toFixed(2)} ×` : 'the engine’s own')}</td>
    </tr>
  )
}
