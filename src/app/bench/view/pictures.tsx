// Answers: what do results look like? Memory and speed against context, and a bar for each cache. It must not know how they were found.
import { useSignal } from '@preact/signals'
import type { ModelInfo } from '../../../index.ts'
import { formatBytes } from '../../../lib/bytes.ts'
import { formatCount } from '../../state/format.ts'
import { Bar } from '../../view/bar.tsx'
import { shown } from '../state/compare.ts'
import { cacheBytes } from '../state/formula.ts'
import { comparedWith, limitBytes, type Summary, summaryOf } from '../state/rows.ts'
import { info } from '../state/run.ts'
import { logScale, rateScale } from '../state/scale.ts'
import { memorySeries, type Series, type Shown, speedSeries } from '../state/series.ts'
import { CACHE_NAMES, CONTEXTS, contextName } from '../state/settings.ts'
import { LineChart } from './line-chart.tsx'

const mostTicks = 6

export function Pictures() {
  const results = shown.value
  const measured = memorySeries(results)
  const expected = measured.length === 0 && info.value ? expectedSeries(info.value) : measured
  const [first] = results
  return (
    <div class="pictures">
      {first && <Headline of={first} several={results.length > 1} />}
      {expected.length > 0 && <Memory series={expected} results={results} />}
      {results.some(({ result }) => result.rows.length > 0) && <Bars results={results} />}
      <Speed what="decode" results={results} />
      <Speed what="prefill" results={results} />
    </div>
  )
}

function Headline({ of: { letter, result }, several }: { of: Shown; several: boolean }) {
  const summary = summaryOf(result)
  if (!summary) return null
  return (
    <p class="headline" role="status">
      {several && `${letter}: `}
      At <b>{formatCount(summary.context)}</b> tokens, {result.model.name} keeps{' '}
      <b class="good">{formatBytes(summary.latent.bytes)}</b> where standard attention keeps{' '}
      <b>{formatBytes(summary.standard.bytes)}</b>: <b>{summary.less.toFixed(1)} times less</b>
      {speedClause(summary)}
    </p>
  )
}

function speedClause({ faster }: Summary): string {
  if (faster === undefined) return '.'
  return faster >= 1
    ? `, and decodes ${faster.toFixed(2)} times as fast.`
    : `, and decodes at ${formatCount(100 * faster)} % of its speed.`
}

function Memory({ series, results }: { series: readonly Series[]; results: readonly Shown[] }) {
  const points = series.flatMap((each) => [
    ...each.points,
    ...[...(each.line ?? []), ...(each.beyond ?? [])].map(([x, y]) => ({ x, y })),
  ])
  const limit = Math.max(0, ...results.map(({ result }) => limitBytes(result)))
  return (
    <LineChart
      title="Memory"
      up="bytes of the cache"
      across="tokens in it"
      series={series}
      x={logScale(
        points.map(({ x }) => x),
        mostTicks,
      )}
      y={logScale([...points.map(({ y }) => y), limit], mostTicks)}
      nameX={contextTick}
      nameY={(bytes) => formatBytes(bytes).replace('.0 ', ' ')}
      limit={limit > 0 ? { y: limit, name: `what fits on this device: ${formatBytes(limit)}` } : undefined}
    >
      <p class="figures">
        {results.length > 0
          ? 'Marks: bytes of live GPU buffers. Lines: the formula; what lies above the limit does not fit.'
          : 'By formula. Press Run, and marks show what the GPU really holds.'}{' '}
        Both axes are logarithmic.
      </p>
    </LineChart>
  )
}

function Speed({ what, results }: { what: 'decode' | 'prefill'; results: readonly Shown[] }) {
  const series = speedSeries(results, what)
  if (series.length === 0) return null
  const points = series.flatMap((each) => each.points)
  return (
    <LineChart
      title={what === 'decode' ? 'Decode' : 'Prefill'}
      up="tokens per second"
      across="tokens in the cache"
      series={series}
      x={logScale(
        points.map(({ x }) => x),
        mostTicks,
      )}
      y={rateScale(
        points.flatMap(({ y, high = y }) => [y, high]),
        mostTicks,
      )}
      nameX={contextTick}
      nameY={(value) => value.toLocaleString('en', { maximumSignificantDigits: 3 })}
    >
      <p class="figures">
        {what === 'decode'
          ? 'One token at a time, at this context alone: the median of the timed steps, and their middle half.'
          : 'The last chunk of a prompt before this context.'}
      </p>
    </LineChart>
  )
}

function Bars({ results }: { results: readonly Shown[] }) {
  const wanted = useSignal<number | undefined>(undefined)
  const rows = results.flatMap(({ letter, result }) => result.rows.map((row) => ({ letter, row })))
  const contexts = [...new Set(rows.map(({ row }) => row.context))].sort((a, b) => a - b)
  const context = contexts.find((each) => each === wanted.value) ?? contexts.at(-1)
  const here = rows.filter(({ row }) => row.context === context && row.bytes > 0)
  const most = Math.max(1, ...here.map(({ row }) => row.bytes))
  const latent = here.find(({ row }) => row.cache === 'latent')?.row.bytes ?? 0
  return (
    <figure class="chart bars" aria-labelledby="bars-title">
      <figcaption>
        <h3 id="bars-title">Bytes, cache by cache</h3>
        <label class="choice">
          <span class="unseen">Tokens in the cache</span>
          <select
            value={context}
            onChange={({ currentTarget }) => {
              wanted.value = Number(currentTarget.value)
            }}
          >
            {contexts.map((tokens) => (
              <option key={tokens} value={tokens}>
                {formatCount(tokens)} tokens
              </option>
            ))}
          </select>
        </label>
      </figcaption>
      {here.map(({ letter, row }) => (
        <Bar
          key={`${letter}-${row.cache}`}
          name={results.length > 1 ? `${letter} ${CACHE_NAMES[row.cache]}` : CACHE_NAMES[row.cache]}
          value={comparedWith(row.bytes, latent, 'latent')}
          part={row.bytes / most}
          kind={row.cache}
        />
      ))}
    </figure>
  )
}

/** What the formula says of the loaded model before anything is measured. */
function expectedSeries({ kvBytesPerToken, standardKvBytesPerToken, attention }: ModelInfo): Series[] {
  const line = (kind: Series['kind'], bytesPerToken: number): Series => ({
    id: kind,
    kind,
    order: 0,
    name: CACHE_NAMES[kind],
    points: CONTEXTS.map((x) => ({
      x,
      y: cacheBytes(bytesPerToken, x),
      text: `${CACHE_NAMES[kind]} at ${formatCount(x)} tokens, by formula: ${formatBytes(cacheBytes(bytesPerToken, x))}`,
    })),
  })
  return [
    line(attention === 'grouped' ? 'grouped' : 'latent', kvBytesPerToken),
    line('standard', standardKvBytesPerToken),
  ]
}

const contextTick = (tokens: number): string =>
  tokens >= 1 << 20 ? `${tokens / (1 << 20)}M` : contextName(tokens)
