// Keeps, exports and imports results, and lists those shown side by side.
import { useSignal } from '@preact/signals'
import type { BenchResult } from '../../../bench/result.ts'
import { formatBytes } from '../../../lib/format.ts'
import { dashPatternOf } from '../../chart/marks.tsx'
import { type DefinitionRow, DefinitionRows } from '../../shared/definition-rows.tsx'
import { formatCompact, formatCount } from '../../shared/format.ts'
import { Permalink } from '../../shared/permalink.tsx'
import { saveTextFile } from '../../shared/save-file.ts'
import { calculatorInputs } from '../state/address.ts'
import { busy, latestResult, settings } from '../state/bench-run.ts'
import type { LetteredResult } from '../state/bench-series.ts'
import {
  importFailures,
  importFiles,
  isKept,
  keepResult,
  removeResult,
  shownResults,
} from '../state/compared-results.ts'
import { toCsv } from '../state/csv.ts'

export function Compare() {
  const results = shownResults.value
  return (
    <section class="compare" aria-labelledby="compare-title">
      <h2 id="compare-title">Keep, share, compare</h2>
      <p class="lead">
        A result records what it was measured with. Results from other machines, models and browsers appear in
        the same charts, each with its own letter and dashes.
      </p>
      <ul class="results">
        {results.map((lettered) => (
          <ResultItem key={`${lettered.result.date}-${lettered.letter}`} of={lettered} />
        ))}
      </ul>
      <div class="actions">
        <ImportButton />
        {results.length > 0 && (
          <button
            class="quiet"
            type="button"
            onClick={() =>
              saveTextFile('hadal-bench.csv', 'text/csv', toCsv(results.map(({ result }) => result)))
            }
          >
            Export CSV
          </button>
        )}
        <Permalink to="these settings" choices={[settings.value, calculatorInputs.value]} />
      </div>
      {importFailures.value.map(({ file, message, hint }) => (
        <p key={`${file}-${message}`} class="failure" role="alert">
          <b>{file}</b>: {message} {hint}
        </p>
      ))}
    </section>
  )
}

function ResultItem({ of: { letter, result } }: { of: LetteredResult }) {
  const { model, environment, settings, date, complete, copyBytesPerSecond } = result
  const name = `hadal-bench-${date.slice(0, 19).replaceAll(':', '-')}.json`
  const order = letter.charCodeAt(0) - 65
  const facts: DefinitionRow[] = [
    ['Adapter', environment.adapter + (environment.software ? ' (software)' : '')],
    ['Browser or host', environment.host],
    ['Hadal', environment.hadal],
    [
      'Model',
      [
        `${model.name}, ${model.architecture}, ${formatCompact(model.parameters)} parameters`,
        `weights: ${model.quantize}`,
      ].join(', '),
    ],
    ['Attention', attentionOf(model)],
    [
      'Settings',
      [
        `${settings.contexts.map(formatCount).join(', ')} tokens`,
        settings.numbers,
        `${settings.steps} timed steps`,
      ].join('; '),
    ],
    ['Copy speed', `${formatBytes(Math.round(copyBytesPerSecond))}/s, read and written`],
    ['Features', environment.features.join(', ') || 'none'],
    ...Object.entries(environment.limits).map(([limit, value]): DefinitionRow => [limit, formatCount(value)]),
  ]
  return (
    <li>
      <p>
        <svg class="sample plain" viewBox="0 -8 32 16" aria-hidden="true">
          <path class="line" d="M0 0H32" stroke-dasharray={dashPatternOf(order)} />
        </svg>
        <b>{letter}</b>
        <span>
          {model.name} on {environment.adapter}
          <br />
          <span class="figures">
            {new Date(date).toLocaleString('en', { dateStyle: 'medium', timeStyle: 'short' })}
            {!complete && ', not complete'}
          </span>
        </span>
      </p>
      <div class="actions">
        <button
          class="quiet"
          type="button"
          aria-label={`Export JSON of result ${letter}`}
          onClick={() => saveTextFile(name, 'application/json', `${JSON.stringify(result, undefined, 2)}\n`)}
        >
          Export JSON
        </button>
        {latestResult.value === result && !isKept(result) && (
          <button class="quiet" type="button" disabled={busy.value} onClick={() => keepResult(result)}>
            Keep for comparison
          </button>
        )}
        <button
          class="quiet"
          type="button"
          aria-label={`Remove result ${letter}`}
          disabled={busy.value && latestResult.value === result}
          onClick={() => removeResult(result)}
        >
          Remove
        </button>
      </div>
      <details>
        <summary>Measured with</summary>
        <DefinitionRows rows={facts} />
      </details>
    </li>
  )
}

function attentionOf({ layers, heads, kvHeads, latent, rope, key, value }: BenchResult['model']): string {
  const cached = latent > 0 ? `latent ${latent} + ${rope}` : `${kvHeads} KV heads`
  return `${layers} layers, ${heads} heads (key ${key}, value ${value}), ${cached}`
}

function ImportButton() {
  const dragged = useSignal(false)
  const importAll = (files: FileList | null | undefined) => {
    if (files && files.length > 0) void importFiles([...files])
  }
  return (
    <label
      class={dragged.value ? 'quiet import over' : 'quiet import'}
      onDragOver={(event) => {
        event.preventDefault()
        event.stopPropagation()
        dragged.value = true
      }}
      onDragLeave={() => {
        dragged.value = false
      }}
      onDrop={(event) => {
        event.preventDefault()
        event.stopPropagation()
        dragged.value = false
        importAll(event.dataTransfer?.files)
      }}
    >
      Import results…
      <input
        class="unseen"
        type="file"
        multiple
        accept=".json,application/json"
        onChange={({ currentTarget }) => {
          importAll(currentTarget.files)
          currentTarget.value = ''
        }}
      />
    </label>
  )
}
