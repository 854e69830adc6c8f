// Charts of benchmark results: memory and speed by context, and a bar for each cache.
import { useSignal } from '@preact/signals'
import type { CacheKind } from '../../../bench/result.ts'
import type { ModelInfo } from '../../../index.ts'
import { formatBytes } from '../../../lib/format.ts'
import { logScale, rateScale } from '../../chart/axis-scale.ts'
import { LineChart } from '../../chart/line-chart.tsx'
import type { ChartSeries } from '../../chart/series.ts'
import { Bar } from '../../shared/bar.tsx'
import { formatCount } from '../../shared/format.ts'
import { modelInfo } from '../state/bench-run.ts'
import { type LetteredResult, memorySeries, speedSeries } from '../state/bench-series.ts'
import { CACHE_STYLES } from '../state/cache-styles.ts'
import { shownResults } from '../state/compared-results.ts'
import { cacheBytes } from '../state/kv-formula.ts'
import {
  bytesWithRatio,
  compareLatentWithStandard,
  type LatentVsStandard,
  maxCacheBytes,
} from '../state/result-figures.ts'
import { CACHE_NAMES, CONTEXTS, contextText } from '../state/run-settings.ts'

const MAX_TICKS = 6

export function Charts() {
  const results = shownResults.value
  const measured = memorySeries(results)
  const expected = measured.length === 0 && modelInfo.value ? expectedSeries(modelInfo.value) : measured
  const [first] = results
  return (
    <div class="pictures">
      {first && <Headline of={first} several={results.length > 1} />}
      {expected.length > 0 && <MemoryChart series={expected} results={results} />}
      {results.some(({ result }) => result.rows.length > 0) && <BytesPerCache results={results} />}
      <SpeedChart phase="decode" results={results} />
      <SpeedChart phase="prefill" results={results} />
    </div>
  )
}

function Headline({ of: { letter, result }, several }: { of: LetteredResult; several: boolean }) {
  const summary = compareLatentWithStandard(result)
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

function speedClause({ faster }: LatentVsStandard): string {
  if (faster === undefined) return '.'
  return faster >= 1
    ? `, and decodes ${faster.toFixed(2)} times as fast.`
    : `, and decodes at ${formatCount(100 * faster)} % of its speed.`
}

function MemoryChart({
  series,
  results,
}: {
  series: readonly ChartSeries[]
  results: readonly LetteredResult[]
}) {
  const points = series.flatMap(({ points, line = [], beyond = [] }) => [
    ...points,
    ...[...line, ...beyond].map(([x, y]) => ({ x, y })),
  ])
  const limit = Math.max(0, ...results.map(({ result }) => maxCacheBytes(result)))
  return (
    <LineChart
      title="Memory"
      yName="bytes of the cache"
      xName="tokens in it"
      series={series}
      xScale={logScale(
        points.map(({ x }) => x),
        MAX_TICKS,
      )}
      yScale={logScale([...points.map(({ y }) => y), limit], MAX_TICKS)}
      formatX={contextTickText}
      formatY={(bytes) => formatBytes(bytes).replace('.0 ', ' ')}
      limit={limit > 0 ? { y: limit, name: `limit of this device: ${formatBytes(limit)}` } : undefined}
    >
      <p class="figures">
        {results.length > 0
          ? 'Marks: bytes of live GPU buffers. Lines: the formula. Caches above the limit do not fit.'
          : 'By formula. Press Run to add marks for what the GPU really holds.'}{' '}
        Both axes are logarithmic.
      </p>
    </LineChart>
  )
}

function SpeedChart({ phase, results }: { phase: 'decode' | 'prefill'; results: readonly LetteredResult[] }) {
  const series = speedSeries(results, phase)
  if (series.length === 0) return null
  const points = series.flatMap(({ points }) => points)
  return (
    <LineChart
      title={phase === 'decode' ? 'Decode' : 'Prefill'}
      yName="tokens per second"
      xName="tokens in the cache"
      series={series}
      xScale={logScale(
        points.map(({ x }) => x),
        MAX_TICKS,
      )}
      yScale={rateScale(
        points.flatMap(({ y, high = y }) => [y, high]),
        MAX_TICKS,
      )}
      formatX={contextTickText}
      formatY={(value) => value.toLocaleString('en', { maximumSignificantDigits: 3 })}
    >
      <p class="figures">
        {phase === 'decode'
          ? 'One token at a time, at exactly this context: median and middle half of the timed steps.'
          : 'The last chunk of a prompt that ends at this context.'}
      </p>
    </LineChart>
  )
}

function BytesPerCache({ results }: { results: readonly LetteredResult[] }) {
  const chosen = useSignal<number | undefined>(undefined)
  const rows = results.flatMap(({ letter, result }) => result.rows.map((row) => ({ letter, row })))
  const contexts = [...new Set(rows.map(({ row }) => row.context))].sort((a, b) => a - b)
  const context = contexts.find((tokens) => tokens === chosen.value) ?? contexts.at(-1)
  const shown = rows.filter(({ row }) => row.context === context && row.bytes > 0)
  const maxBytes = Math.max(1, ...shown.map(({ row }) => row.bytes))
  const latent = shown.find(({ row }) => row.cache === 'latent')?.row.bytes ?? 0
  return (
    <figure class="chart bars" aria-labelledby="bars-title">
      <figcaption>
        <h3 id="bars-title">Bytes per cache</h3>
        <label class="choice">
          <span class="unseen">Tokens in the cache</span>
          <select
            value={context}
            onChange={({ currentTarget }) => {
              chosen.value = Number(currentTarget.value)
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
      {shown.map(({ letter, row }) => (
        <Bar
          key={`${letter}-${row.cache}`}
          name={results.length > 1 ? `${letter} ${CACHE_NAMES[row.cache]}` : CACHE_NAMES[row.cache]}
          value={bytesWithRatio(row.bytes, latent, 'latent')}
          fraction={row.bytes / maxBytes}
          kind={CACHE_STYLES[row.cache].className}
        />
      ))}
    </figure>
  )
}

/** Memory of the loaded model by formula, shown before anything is measured. */
function expectedSeries({ kvBytesPerToken, standardKvBytesPerToken, attention }: ModelInfo): ChartSeries[] {
  const line = (kind: CacheKind, bytesPerToken: number): ChartSeries => ({
    id: kind,
    style: CACHE_STYLES[kind],
    order: 0,
    name: CACHE_NAMES[kind],
    points: CONTEXTS.map((context) => {
      const bytes = cacheBytes(bytesPerToken, context)
      const what = `${CACHE_NAMES[kind]} at ${formatCount(context)} tokens, by formula`
      return { x: context, y: bytes, text: `${what}: ${formatBytes(bytes)}` }
    }),
  })
  return [
    line(attention === 'grouped' ? 'grouped' : 'latent', kvBytesPerToken),
    line('standard', standardKvBytesPerToken),
  ]
}

const contextTickText = (tokens: number): string =>
  tokens >= 1 << 20 ? `${tokens / (1 << 20)}M` : contextText(tokens)
