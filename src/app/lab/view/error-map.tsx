// Answers: where is a result how wrong? As a picture of cells with a legend, and in words: the worst numbers as a table. It must not know
// what was computed.
import { useSignal } from '@preact/signals'
import { useMemo } from 'preact/hooks'
import type { Proof } from '../../../lab/protocol.ts'
import { formatCount } from '../../state/format.ts'
import { ScrollingTable } from '../../view/scrolling-table.tsx'
import { errorText, valueText } from '../state/figures.ts'
import { LEVEL_NAMES, LEVELS, outlines, spotOf } from '../state/levels.ts'

export function ErrorMap({ proof }: { proof: Proof }) {
  const { map, rows, cols } = proof
  const drawn = useMemo(() => outlines(map), [map])
  const here = useSignal('')
  // A pixel of the picture is a cell; few lines are drawn taller, so that they can be seen and pointed at.
  const tall = Math.min(8, Math.max(1, Math.round((map.width * 0.3) / map.height)))
  const point = (event: PointerEvent & { currentTarget: SVGSVGElement }) => {
    const box = event.currentTarget.getBoundingClientRect()
    const x = Math.floor(((event.clientX - box.left) / box.width) * map.width)
    const y = Math.floor(((event.clientY - box.top) / box.height) * map.height)
    here.value = x >= 0 && y >= 0 && x < map.width && y < map.height ? textAt(proof, x, y) : ''
  }
  return (
    <figure class="chart errors">
      <figcaption>
        <h3>Error against f64</h3>
        <p class="readout">{here.value || layoutText(proof)}</p>
      </figcaption>
      <svg
        class="map"
        role="img"
        aria-label={`Errors of ${formatCount(rows)} × ${formatCount(cols)} numbers; the table of the worst follows`}
        viewBox={`0 0 ${map.width} ${map.height * tall}`}
        preserveAspectRatio="none"
        shape-rendering="crispEdges"
        onPointerMove={point}
        onPointerLeave={() => {
          here.value = ''
        }}
      >
        <g transform={`scale(1 ${tall})`}>
          {drawn.map(({ level, path }) => (
            <path key={level} class={`level-${level}`} d={path} />
          ))}
        </g>
      </svg>
      <ul class="legend levels" aria-label="Levels of error">
        {LEVELS.map((level) => (
          <li key={level} class={drawn.some((each) => each.level === level) ? '' : 'absent'}>
            <svg class="swatch" viewBox="0 0 1 1" aria-hidden="true">
              <path class={`level-${level}`} d="M0 0h1v1h-1z" />
            </svg>
            {LEVEL_NAMES[level]}
          </li>
        ))}
      </ul>
      <Worst proof={proof} />
    </figure>
  )
}

function layoutText({ map, rows, cols }: Proof): string {
  const of = `${formatCount(rows)} × ${formatCount(cols)} numbers`
  const folded = map.lines > 1 ? `, each row in ${map.lines} lines of ${formatCount(map.lineCols)}` : ''
  const cell = map.cellCols * map.cellRows
  return `${of}${folded}; a cell is ${cell === 1 ? 'one number' : `the worst of ${formatCount(cell)}`}`
}

function textAt({ map, rows, cols, numbers }: Proof, x: number, y: number): string {
  const spot = spotOf(map, cols, rows, x, y)
  if (spot.error < 0) return ''
  const range = ([from, to]: readonly [number, number]) => (from === to ? `${from}` : `${from} to ${to}`)
  const [from, to] = spot.rows
  return `row ${range([numbers[from] ?? from, numbers[to] ?? to])}, column ${range(spot.cols)}: ${errorText(spot.error)}`
}

function Worst({ proof: { worst } }: { proof: Proof }) {
  return (
    <details class="worst">
      <summary>
        The worst numbers <span class="figures">up to {errorText(worst[0]?.error ?? 0)}</span>
      </summary>
      <ScrollingTable name="The worst numbers" columns={['Row', 'Column', 'Computed', 'In f64', 'Error']}>
        <tbody>
          {worst.map(({ row, col, actual, wanted, error }) => (
            <tr key={`${row} ${col}`}>
              <td>{row}</td>
              <td>{col}</td>
              <td>{valueText(actual)}</td>
              <td>{valueText(wanted)}</td>
              <td>{errorText(error)}</td>
            </tr>
          ))}
        </tbody>
      </ScrollingTable>
      <p class="figures">Errors are distances from f64, in root mean squares of all numbers wanted.</p>
    </details>
  )
}
