// Map of the errors of a result, with a legend and a table of the largest errors.
import { useSignal } from '@preact/signals'
import { useMemo } from 'preact/hooks'
import type { AccuracyReport } from '../../../bench/lab/protocol.ts'
import { formatCount } from '../../shared/format.ts'
import { ScrollingTable } from '../../shared/scrolling-table.tsx'
import { ERROR_LEVEL_NAMES, ERROR_LEVELS, levelOutlines, mapCellAt } from '../state/error-levels.ts'
import { relativeErrorText, valueText } from '../state/number-text.ts'

export function ErrorMap({ accuracy }: { accuracy: AccuracyReport }) {
  const { map, rows, cols } = accuracy
  const drawn = useMemo(() => levelOutlines(map), [map])
  const readout = useSignal('')
  // One pixel is one cell. Maps with few lines are stretched, so that cells can be seen and pointed at.
  const stretch = Math.min(8, Math.max(1, Math.round((map.width * 0.3) / map.height)))
  const point = (event: PointerEvent & { currentTarget: SVGSVGElement }) => {
    const box = event.currentTarget.getBoundingClientRect()
    const x = Math.floor(((event.clientX - box.left) / box.width) * map.width)
    const y = Math.floor(((event.clientY - box.top) / box.height) * map.height)
    readout.value = x >= 0 && y >= 0 && x < map.width && y < map.height ? textAt(accuracy, x, y) : ''
  }
  return (
    <figure class="chart errors">
      <figcaption>
        <h3>Error against f64</h3>
        <p class="readout">{readout.value || layoutText(accuracy)}</p>
      </figcaption>
      <svg
        class="map"
        role="img"
        aria-label={[
          `Errors of ${formatCount(rows)} × ${formatCount(cols)} numbers`,
          'the table of the largest errors follows',
        ].join('; ')}
        viewBox={`0 0 ${map.width} ${map.height * stretch}`}
        preserveAspectRatio="none"
        shape-rendering="crispEdges"
        onPointerMove={point}
        onPointerLeave={() => {
          readout.value = ''
        }}
      >
        <g transform={`scale(1 ${stretch})`}>
          {drawn.map(({ level, path }) => (
            <path key={level} class={`level-${level}`} d={path} />
          ))}
        </g>
      </svg>
      <ul class="legend levels" aria-label="Levels of error">
        {ERROR_LEVELS.map((level) => (
          <li key={level} class={drawn.some((drawnLevel) => drawnLevel.level === level) ? '' : 'absent'}>
            <svg class="swatch" viewBox="0 0 1 1" aria-hidden="true">
              <path class={`level-${level}`} d="M0 0h1v1h-1z" />
            </svg>
            {ERROR_LEVEL_NAMES[level]}
          </li>
        ))}
      </ul>
      <LargestErrors accuracy={accuracy} />
    </figure>
  )
}

function layoutText({ map, rows, cols }: AccuracyReport): string {
  const size = `${formatCount(rows)} × ${formatCount(cols)} numbers`
  const wrapped = map.lines > 1 ? `, each row in ${map.lines} lines of ${formatCount(map.lineCols)}` : ''
  const cell = map.cellCols * map.cellRows
  return `${size}${wrapped}; a cell is ${cell === 1 ? 'one number' : `the worst of ${formatCount(cell)}`}`
}

function textAt({ map, rows, cols, rowNumbers }: AccuracyReport, x: number, y: number): string {
  const cell = mapCellAt(map, { cols, rows }, { x, y })
  if (cell.error < 0) return ''
  const range = ([from, to]: readonly [number, number]) => (from === to ? `${from}` : `${from} to ${to}`)
  const [from, to] = cell.rows
  const row = range([rowNumbers[from] ?? from, rowNumbers[to] ?? to])
  return `row ${row}, column ${range(cell.cols)}: ${relativeErrorText(cell.error)}`
}

function LargestErrors({ accuracy: { worst } }: { accuracy: AccuracyReport }) {
  return (
    <details class="worst">
      <summary>
        Largest errors <span class="figures">up to {relativeErrorText(worst[0]?.error ?? 0)}</span>
      </summary>
      <ScrollingTable name="Largest errors" columns={['Row', 'Column', 'Computed', 'f64', 'Error']}>
        <tbody>
          {worst.map(({ row, col, actual, expected, error }) => (
            <tr key={`${row} ${col}`}>
              <td>{row}</td>
              <td>{col}</td>
              <td>{valueText(actual)}</td>
              <td>{valueText(expected)}</td>
              <td>{relativeErrorText(error)}</td>
            </tr>
          ))}
        </tbody>
      </ScrollingTable>
      <p class="figures">
        Error: distance from the f64 value, divided by the root mean square of all f64 values.
      </p>
    </details>
  )
}
