// Result of the run on screen: correct or wrong, where the errors are, and how fast it ran.

import type { AccuracyReport, KernelRow } from '../../../bench/lab/protocol.ts'
import { Bar } from '../../shared/bar.tsx'
import { formatCount } from '../../shared/format.ts'
import { saveTextFile } from '../../shared/save-file.ts'
import { busy, type LabRun, shownRun, timeAnyway } from '../state/lab-runs.ts'
import { percentText, rateText, relativeErrorText, spreadText } from '../state/number-text.ts'
import { resultJson } from '../state/run-summary.ts'
import { labInfo } from '../state/selection.ts'
import { ErrorMap } from './error-map.tsx'

export function RunOutcome() {
  const finding = shownRun.value
  return (
    <section class="outcome" aria-labelledby="outcome-title">
      <h2 id="outcome-title" class="unseen">
        Result
      </h2>
      <div aria-live="polite">{finding ? <RunVerdict of={finding} /> : <NoRunYet />}</div>
      {finding?.accuracy && <ErrorMap key={finding.number} accuracy={finding.accuracy} />}
      {finding?.row && <SpeedBars of={finding} row={finding.row} />}
    </section>
  )
}

function NoRunYet() {
  return (
    <div class="chart nothing">
      <p>No runs yet.</p>
      <p class="figures">
        A run computes random weights and inputs on the GPU, and again in f64 in a worker. The differences are
        shown here, number by number; then the kernel is timed.
      </p>
    </div>
  )
}

function RunVerdict({ of }: { of: LabRun }) {
  const { accuracy, row, summary: what, experiment, number } = of
  if (!accuracy) return null
  const timed =
    row && of.engineRow ? `, ${(row.time.ms / of.engineRow.time.ms).toFixed(2)} × the engine’s time` : ''
  return (
    <div class={accuracy.passed ? 'headline' : 'headline wrong'}>
      <p>
        <b>{accuracy.passed ? 'Correct' : 'Wrong'}</b>: {experiment.kernel}, {what}.{' '}
        {accuracy.passed
          ? `Relative error ${relativeErrorText(accuracy.error)}, ` +
            `tolerance ${relativeErrorText(accuracy.tolerance)}${timed}.`
          : `${wrongText(accuracy)}${timed}.`}
      </p>
      {!accuracy.passed && !row && (
        <p class="actions">
          <span class="figures">Kernels with wrong results are not timed.</span>
          <button class="quiet" type="button" disabled={busy.value} onClick={() => void timeAnyway(of)}>
            Time run {number} nevertheless
          </button>
        </p>
      )}
      {!accuracy.passed && row && <p class="figures">These are the times of a kernel with wrong results.</p>}
    </div>
  )
}

function wrongText({ error, notFinite, tolerance }: AccuracyReport): string {
  if (notFinite > 0) return `${formatCount(notFinite)} of its values are not numbers`
  return `Its relative error is ${relativeErrorText(error)}; the tolerance is ${relativeErrorText(tolerance)}`
}

function SpeedBars({ of, row }: { of: LabRun; row: KernelRow }) {
  const { engineRow, number } = of
  const { ceiling } = row
  const bytes = ceiling.kind === 'bytes'
  const speed = (rates: { gbPerSecond: number; gflopPerSecond: number }) =>
    bytes ? rates.gbPerSecond : rates.gflopPerSecond
  const unit = bytes ? 'GB/s' : 'GFLOP/s'
  const bars = [
    { name: engineRow ? 'This run' : 'This kernel', kind: 'glow', value: speed(row) },
    ...(engineRow ? [{ name: 'The engine’s variant', kind: 'blue', value: speed(engineRow) }] : []),
    { name: `The ceiling: ${ceiling.loop}`, kind: 'amber', value: speed(ceiling) },
    ...(bytes ? [{ name: 'The best streaming read', kind: 'grey', value: ceiling.readGbPerSecond }] : []),
  ]
  const maxRate = Math.max(...bars.map(({ value }) => value))
  const save = () => {
    if (labInfo.value) {
      const text = resultJson({ ...of, row }, labInfo.value)
      saveTextFile(`hadal-kernel-${row.kernel}-${number}.json`, 'application/json', text)
    }
  }
  return (
    <figure class="chart rates">
      <figcaption>
        <h3>Speed</h3>
        <button class="quiet" type="button" onClick={save}>
          Export JSON
        </button>
      </figcaption>
      <dl class="numbers-of">
        <SpeedFact
          term="Median"
          value={spreadText(row.time)}
          note={`of ${row.time.all.length}, middle half`}
        />
        <SpeedFact
          term="Reads"
          value={rateText(row.gbPerSecond, 'GB/s')}
          note="the minimum a run must read"
        />
        <SpeedFact term="Computes" value={rateText(row.gflopPerSecond, 'GFLOP/s')} note="" />
        <SpeedFact
          term="Fraction"
          value={percentText(row.fractionOfCeiling)}
          note="of the ceiling in this run"
        />
      </dl>
      {bars.map(({ name, kind, value }) => (
        <Bar key={name} name={name} kind={kind} value={rateText(value, unit)} fraction={value / maxRate} />
      ))}
    </figure>
  )
}

function SpeedFact({ term, value, note }: { term: string; value: string; note: string }) {
  return (
    <div>
      <dt>{term}</dt>
      <dd>
        {value} <span class="figures">{note}</span>
      </dd>
    </div>
  )
}
