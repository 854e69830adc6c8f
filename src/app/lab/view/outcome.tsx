// Answers: what came of the run that is looked at? Right or wrong, where it is how wrong, and how fast it was. It must not know how that was
// found out.

import type { KernelRow, Proof } from '../../../lab/protocol.ts'
import { download } from '../../state/download.ts'
import { formatCount } from '../../state/format.ts'
import { Bar } from '../../view/bar.tsx'
import { info } from '../state/chosen.ts'
import { errorText, percent, rate, spreadText } from '../state/figures.ts'
import { busy, type Finding, shown, timeNevertheless } from '../state/runs.ts'
import { resultJson } from '../state/summary.ts'
import { ErrorMap } from './error-map.tsx'

export function Outcome() {
  const finding = shown.value
  return (
    <section class="outcome" aria-labelledby="outcome-title">
      <h2 id="outcome-title" class="unseen">
        What came of it
      </h2>
      <div aria-live="polite">{finding ? <Verdict of={finding} /> : <Nothing />}</div>
      {finding?.proof && <ErrorMap key={finding.number} proof={finding.proof} />}
      {finding?.row && <Speed of={finding} row={finding.row} />}
    </section>
  )
}

function Nothing() {
  return (
    <div class="chart nothing">
      <p>Nothing was run yet.</p>
      <p class="figures">
        A run draws random weights and inputs, computes them on the GPU, and computes them again in f64 in a
        worker beside this page. What differs is shown here, number by number; then it is timed.
      </p>
    </div>
  )
}

function Verdict({ of }: { of: Finding }) {
  const { proof, row, what, experiment, number } = of
  if (!proof) return null
  const timed =
    row && of.engine ? `, ${(row.time.ms / of.engine.time.ms).toFixed(2)} × the engine’s time` : ''
  return (
    <div class={proof.right ? 'headline' : 'headline wrong'}>
      <p>
        <b>{proof.right ? 'Right' : 'Wrong'}</b>: {experiment.kernel}, {what}.{' '}
        {proof.right
          ? `Relative error ${errorText(proof.error)}, at most ${errorText(proof.tolerance)} is let pass${timed}.`
          : `${wrongText(proof)}${timed}.`}
      </p>
      {!proof.right && !row && (
        <p class="actions">
          <span class="figures">What computes wrongly is not timed.</span>
          <button class="quiet" type="button" disabled={busy.value} onClick={() => void timeNevertheless(of)}>
            Time run {number} nevertheless
          </button>
        </p>
      )}
      {!proof.right && row && <p class="figures">These are the times of a kernel that computes wrongly.</p>}
    </div>
  )
}

function wrongText({ error, notFinite, tolerance }: Proof): string {
  if (notFinite > 0) return `${formatCount(notFinite)} of its numbers are none`
  return `Its relative error is ${errorText(error)}; at most ${errorText(tolerance)} is let pass`
}

function Speed({ of, row }: { of: Finding; row: KernelRow }) {
  const { engine, number } = of
  const { ceiling } = row
  const bytes = ceiling.kind === 'bytes'
  const speed = (each: { gbPerSecond: number; gflopPerSecond: number }) =>
    bytes ? each.gbPerSecond : each.gflopPerSecond
  const unit = bytes ? 'GB/s' : 'GFLOP/s'
  const bars = [
    { name: engine ? 'This run' : 'This kernel', kind: 'latent', value: speed(row) },
    ...(engine ? [{ name: 'What the engine runs', kind: 'latent-fp8', value: speed(engine) }] : []),
    { name: `The ceiling: ${ceiling.loop}`, kind: 'standard', value: speed(ceiling) },
    ...(bytes ? [{ name: 'The best streaming read', kind: 'mqa', value: ceiling.readGbPerSecond }] : []),
  ]
  const most = Math.max(...bars.map(({ value }) => value))
  const save = () => {
    if (info.value) {
      const text = resultJson({ ...of, row }, info.value)
      download(`hadal-kernel-${row.kernel}-${number}.json`, 'application/json', text)
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
        <Fact term="Median" value={spreadText(row.time)} note={`of ${row.time.all.length}, middle half`} />
        <Fact term="Reads" value={rate(row.gbPerSecond, 'GB/s')} note="that a run must read" />
        <Fact term="Computes" value={rate(row.gflopPerSecond, 'GFLOP/s')} note="" />
        <Fact term="Share" value={percent(row.share)} note="of the ceiling in this run" />
      </dl>
      {bars.map(({ name, kind, value }) => (
        <Bar key={name} name={name} kind={kind} value={rate(value, unit)} part={value / most} />
      ))}
    </figure>
  )
}

function Fact({ term, value, note }: { term: string; value: string; note: string }) {
  return (
    <div>
      <dt>{term}</dt>
      <dd>
        {value} <span class="figures">{note}</span>
      </dd>
    </div>
  )
}
