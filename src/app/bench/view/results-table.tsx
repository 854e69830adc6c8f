// Table with every number of the results.
import type { BenchRow, BenchTiming } from '../../../bench/result.ts'
import { formatBytes } from '../../../lib/format.ts'
import { formatCount } from '../../shared/format.ts'
import { ScrollingTable } from '../../shared/scrolling-table.tsx'
import type { LetteredResult } from '../state/bench-series.ts'
import { shownResults } from '../state/compared-results.ts'
import { cacheOf, checkText, copyFraction } from '../state/result-figures.ts'
import { CACHE_NAMES } from '../state/run-settings.ts'

const COLUMNS = [
  'Cache',
  'Tokens',
  'Bytes held',
  'By formula',
  'Per token',
  'Decode, tok/s',
  'Prefill, tok/s',
  'Read per step',
  'Of copy speed',
  'Max. tokens',
  'Same output?',
]

export function ResultsTable() {
  const results = shownResults.value.filter(({ result }) => result.caches.length > 0)
  if (results.length === 0) return null
  return (
    <section aria-labelledby="table-title">
      <h2 id="table-title">All numbers</h2>
      <ScrollingTable name="All numbers, as a table" columns={COLUMNS}>
        {results.map((lettered) => (
          <ResultRows key={lettered.letter} of={lettered} several={results.length > 1} />
        ))}
      </ScrollingTable>
      <p class="figures">
        Bytes held: live GPU buffers of this cache. Of copy speed: cache bytes that a decode step reads,
        divided by the time of the whole step, as a fraction of the fastest copy on this device (bytes read
        plus bytes written). The rest of a step goes to weights and arithmetic.
      </p>
    </section>
  )
}

function ResultRows({ of: { letter, result }, several }: { of: LetteredResult; several: boolean }) {
  const measured = result.caches.filter(({ cache }) => result.rows.some((row) => row.cache === cache))
  const checkedOnly = result.caches.filter((cache) => !measured.includes(cache))
  return (
    <tbody>
      {several && (
        <tr>
          <th scope="rowgroup" colSpan={COLUMNS.length}>
            {letter}: {result.model.name} on {result.environment.adapter}
          </th>
        </tr>
      )}
      {measured.flatMap(({ cache }) =>
        result.rows
          .filter((row) => row.cache === cache)
          .map((row) => <MeasuredRow key={`${cache}-${row.context}`} of={{ letter, result }} row={row} />),
      )}
      {checkedOnly.map(({ cache, bytesPerToken, maxContext, check }) => (
        <tr key={cache} class={check.verdict}>
          <th scope="row">{CACHE_NAMES[cache]}</th>
          <td colSpan={3}>not measured yet</td>
          <td>{formatCount(bytesPerToken)}</td>
          <td colSpan={4} />
          <td>{formatCount(maxContext)}</td>
          <td class="check">{checkText(check)}</td>
        </tr>
      ))}
    </tbody>
  )
}

function MeasuredRow({ of: { result }, row }: { of: LetteredResult; row: BenchRow }) {
  const { cache, context, bytes, formulaBytes, decode, prefill, readBytesPerStep, missing } = row
  const cacheInfo = cacheOf(result, cache)
  const fraction = copyFraction(result, row)
  return (
    <tr class={cacheInfo?.check.verdict}>
      <th scope="row">{CACHE_NAMES[cache]}</th>
      <td>{formatCount(context)}</td>
      <td title={formatBytes(bytes)}>{bytes > 0 ? formatCount(bytes) : '–'}</td>
      <td class={bytes > 0 && bytes !== formulaBytes ? 'differs' : undefined}>{formatCount(formulaBytes)}</td>
      <td>{cacheInfo ? formatCount(cacheInfo.bytesPerToken) : '–'}</td>
      {missing !== undefined ? (
        <td class="missing" colSpan={2}>
          {missing}
        </td>
      ) : (
        <>
          <TimingCell of={decode} />
          <TimingCell of={prefill} />
        </>
      )}
      <td>{formatBytes(readBytesPerStep)}</td>
      <td>{fraction === undefined ? '–' : `${(100 * fraction).toFixed(fraction < 0.1 ? 1 : 0)} %`}</td>
      <td>{cacheInfo ? formatCount(cacheInfo.maxContext) : '–'}</td>
      <td class="check">{cacheInfo && checkText(cacheInfo.check)}</td>
    </tr>
  )
}

/** Tokens per second, then the median time and the middle half of the times. */
function TimingCell({ of }: { of: BenchTiming | undefined }) {
  if (!of) return <td>–</td>
  const { tokensPerSecond, ms, msLow, msHigh } = of
  return (
    <td>
      {tokensPerSecond.toLocaleString('en', { maximumSignificantDigits: 3 })}
      <br />
      <span class="figures">
        {formatMs(ms)} ms ({formatMs(msLow)}–{formatMs(msHigh)})
      </span>
    </td>
  )
}

const formatMs = (ms: number): string => ms.toLocaleString('en', { maximumSignificantDigits: 3 })
