// Answers: how are results kept, shared and set beside others? It must not know what is in them.
import { useSignal } from '@preact/signals'
import type { BenchResult } from '../../../bench/result.ts'
import { formatBytes } from '../../../lib/bytes.ts'
import { download } from '../../state/download.ts'
import { formatCount, formatShort } from '../../state/format.ts'
import { CopyButton } from '../../view/copy-button.tsx'
import { calculation } from '../state/address.ts'
import { importFailures, importFiles, isKept, keep, remove, shown } from '../state/compare.ts'
import { toCsv } from '../state/csv.ts'
import { busy, found, settings } from '../state/run.ts'
import type { Shown } from '../state/series.ts'
import { dashOf } from './marks.tsx'

export function Compare() {
  const results = shown.value
  return (
    <section class="compare" aria-labelledby="compare-title">
      <h2 id="compare-title">Keep, share, compare</h2>
      <p class="lead">
        A result carries what it was measured with. Results from other machines, models and browsers stand in
        the same pictures, each with a letter and dashes of its own.
      </p>
      <ul class="results">
        {results.map((each) => (
          <Result key={`${each.result.date}-${each.letter}`} of={each} />
        ))}
      </ul>
      <div class="actions">
        <Import />
        {results.length > 0 && (
          <button
            class="quiet"
            type="button"
            onClick={() =>
              download('hadal-bench.csv', 'text/csv', toCsv(results.map(({ result }) => result)))
            }
          >
            Export CSV
          </button>
        )}
        <Permalink />
      </div>
      {importFailures.value.map(({ file, message, hint }) => (
        <p key={`${file}-${message}`} class="failure" role="alert">
          <b>{file}</b>: {message} {hint}
        </p>
      ))}
    </section>
  )
}

function Result({ of: { letter, result } }: { of: Shown }) {
  const { model, environment, settings, date, complete, copyBytesPerSecond } = result
  const name = `hadal-bench-${date.slice(0, 19).replaceAll(':', '-')}.json`
  const order = letter.charCodeAt(0) - 65
  const facts: [string, string][] = [
    ['Adapter', environment.adapter + (environment.software ? ' (a processor playing GPU)' : '')],
    ['Browser or host', environment.host],
    ['Hadal', environment.hadal],
    [
      'Model',
      `${model.name}, ${model.architecture}, ${formatShort(model.parameters)} parameters, weights: ${model.quantize}`,
    ],
    ['Attention', attentionOf(model)],
    [
      'Settings',
      `${settings.contexts.map(formatCount).join(', ')} tokens; ${settings.numbers}; ${settings.steps} timed steps`,
    ],
    ['Copy speed', `${formatBytes(Math.round(copyBytesPerSecond))}/s, read and written`],
    ['Features', environment.features.join(', ') || 'none'],
    ...Object.entries(environment.limits).map(([limit, value]): [string, string] => [
      limit,
      formatCount(value),
    ]),
  ]
  return (
    <li>
      <p>
        <svg class="sample plain" viewBox="0 -8 32 16" aria-hidden="true">
          <path class="line" d="M0 0H32" stroke-dasharray={dashOf(order)} />
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
          onClick={() => download(name, 'application/json', `${JSON.stringify(result, undefined, 2)}\n`)}
        >
          Export JSON
        </button>
        {found.value === result && !isKept(result) && (
          <button class="quiet" type="button" disabled={busy.value} onClick={() => keep(result)}>
            Keep beside the next
          </button>
        )}
        <button
          class="quiet"
          type="button"
          aria-label={`Remove result ${letter}`}
          disabled={busy.value && found.value === result}
          onClick={() => remove(result)}
        >
          Remove
        </button>
      </div>
      <details>
        <summary>Measured with</summary>
        <dl class="table">
          {facts.map(([term, value]) => (
            <div key={term}>
              <dt>{term}</dt>
              <dd>{value}</dd>
            </div>
          ))}
        </dl>
      </details>
    </li>
  )
}

function attentionOf({ layers, heads, kvHeads, latent, rope, key, value }: BenchResult['model']): string {
  const what = latent > 0 ? `latent ${latent} + ${rope}` : `${kvHeads} KV heads`
  return `${layers} layers, ${heads} heads (key ${key}, value ${value}), ${what}`
}

function Import() {
  const over = useSignal(false)
  const take = (files: FileList | null | undefined) => {
    if (files && files.length > 0) void importFiles([...files])
  }
  return (
    <label
      class={over.value ? 'quiet import over' : 'quiet import'}
      onDragOver={(event) => {
        event.preventDefault()
        event.stopPropagation()
        over.value = true
      }}
      onDragLeave={() => {
        over.value = false
      }}
      onDrop={(event) => {
        event.preventDefault()
        event.stopPropagation()
        over.value = false
        take(event.dataTransfer?.files)
      }}
    >
      Import results…
      <input
        class="unseen"
        type="file"
        multiple
        accept=".json,application/json"
        onChange={({ currentTarget }) => {
          take(currentTarget.files)
          currentTarget.value = ''
        }}
      />
    </label>
  )
}

/** The address follows the settings; it is drawn again when they change. */
function Permalink() {
  const changed = [settings.value, calculation.value]
  return (
    <span class="permalink">
      <CopyButton text={changed && location.href} label="Copy link to these settings" />
      <span class="figures">Link with these settings</span>
    </span>
  )
}
