// Answers: what is every number of the results? A table, for those who want to read, copy or hear them. It must not know how they were found.
import type { BenchRow, BenchTiming } from '../../../bench/result.ts'
import { formatBytes } from '../../../lib/bytes.ts'
import { formatCount } from '../../state/format.ts'
import { ScrollingTable } from '../../view/scrolling-table.tsx'
import { shown } from '../state/compare.ts'
import { cacheOf, checkText, copyShare } from '../state/rows.ts'
import type { Shown } from '../state/series.ts'
import { CACHE_NAMES } from '../state/settings.ts'

const columns = [
  'Cache',
  'Tokens',
  'Bytes held',
  'By formula',
  'A token',
  'Decode, tok/s',
  'Prefill, tok/s',
  'Read a step',
  'Of copy speed',
  'Most tokens',
  'Same text?',
]

export function ResultsTable() {
  const results = shown.value.filter(({ result }) => result.caches.length > 0)
  if (results.length === 0) return null
  return (
    <section aria-labelledby="table-title">
      <h2 id="table-title">Every number</h2>
      <ScrollingTable name="Every number, as a table" columns={columns}>
        {results.map((each) => (
          <Body key={each.letter} of={each} several={results.length > 1} />
        ))}
      </ScrollingTable>
      <p class="figures">
        Bytes held: live GPU buffers of this cache. Of copy speed: bytes of the cache that a decode step reads
        in the step’s whole time, as a share of the fastest copy on this device, whose bytes count read and
        written; the rest of a step goes to weights and arithmetic.
      </p>
    </section>
  )
}

function Body({ of: { letter, result }, several }: { of: Shown; several: boolean }) {
  const measured = result.caches.filter(({ cache }) => result.rows.some((row) => row.cache === cache))
  const checkedOnly = result.caches.filter((cache) => !measured.includes(cache))
  return (
    <tbody>
      {several && (
        <tr>
          <th scope="rowgroup" colSpan={columns.length}>
            {letter}: {result.model.name} on {result.environment.adapter}
          </th>
        </tr>
      )}
      {measured.flatMap(({ cache }) =>
        result.rows
          .filter((row) => row.cache === cache)
          .map((row) => <Row key={`${cache}-${row.context}`} of={{ letter, result }} row={row} />),
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

function Row({ of: { result }, row }: { of: Shown; row: BenchRow }) {
  const { cache, context, bytes, formulaBytes, decode, prefill, readBytesPerStep, missing } = row
  const about = cacheOf(result, cache)
  const share = copyShare(result, row)
  return (
    <tr class={about?.check.verdict}>
      <th scope="row">{CACHE_NAMES[cache]}</th>
      <td>{formatCount(context)}</td>
      <td title={formatBytes(bytes)}>{bytes > 0 ? formatCount(bytes) : '–'}</td>
      <td class={bytes > 0 && bytes !== formulaBytes ? 'differs' : undefined}>{formatCount(formulaBytes)}</td>
      <td>{about ? formatCount(about.bytesPerToken) : '–'}</td>
      {missing !== undefined ? (
        <td class="missing" colSpan={2}>
          {missing}
        </td>
      ) : (
        <>
          <Timing of={decode} />
          <Timing of={prefill} />
        </>
      )}
      <td>{formatBytes(readBytesPerStep)}</td>
      <td>{share === undefined ? '–' : `${(100 * share).toFixed(share < 0.1 ? 1 : 0)} %`}</td>
      <td>{about ? formatCount(about.maxContext) : '–'}</td>
      <td class="check">{about && checkText(about.check)}</td>
    </tr>
  )
}

/** The rate, and the middle half of the times. */
function Timing({ of }: { of: BenchTiming | undefined }) {
  if (!of) return <td>–</td>
  const { tokensPerSecond, ms, msLow, msHigh } = of
  return (
    <td>
      {tokensPerSecond.toLocaleString('en', { maximumSignificantDigits: 3 })}
      <br />
      <span class="figures">
        {digits(ms)} ms ({digits(msLow)}–{digits(msHigh)})
      </span>
    </td>
  )
}

const digits = (ms: number): string => ms.toLocaleString('en', { maximumSignificantDigits: 3 })
