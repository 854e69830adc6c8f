// Answers: how are the lines of a picture drawn, and their points reached by keyboard? It must not know the axes.
import type { Series } from '../state/series.ts'
import type { Frame, Place } from './frame.ts'
import { dashOf, Mark } from './marks.tsx'
import type { Spot } from './spots.ts'

export function Lines({
  frame,
  series,
  places,
  active,
  onFocus,
}: {
  frame: Frame
  series: readonly Series[]
  places: readonly (readonly Place[])[]
  active: Spot | undefined
  onFocus: (spot: Spot) => void
}) {
  return series.map((each, line) => {
    const own = places[line] ?? []
    const way = each.line?.map(([x, y]) => frame.place(x, y)) ?? own
    return (
      <g key={each.id} class={`series ${each.kind}`}>
        <path class="line" d={pathOf(way)} stroke-dasharray={dashOf(each.order)} />
        {each.beyond && <path class="beyond" d={pathOf(each.beyond.map(([x, y]) => frame.place(x, y)))} />}
        {each.points.map((point, index) => {
          const place = own[index]
          if (!place) return null
          const here = active?.line === line && active.point === index
          return (
            // Only one point of a picture is reached by Tab; from there the arrow keys go on.
            <g
              key={point.text}
              class={here ? 'point here' : 'point'}
              role="option"
              aria-selected={here}
              aria-label={point.text}
              tabIndex={(active ? here : line === 0 && index === 0) ? 0 : -1}
              data-spot={`${line}-${index}`}
              transform={`translate(${place.x} ${place.y})`}
              onFocus={() => onFocus({ line, point: index })}
            >
              <circle class="halo" r={11} />
              {point.low !== undefined && point.high !== undefined && (
                <path
                  class="spread"
                  d={`M0 ${frame.place(point.x, point.low).y - place.y}V${frame.place(point.x, point.high).y - place.y}`}
                />
              )}
              {point.end ? <path class="end" d="M0-7V7" /> : <Mark kind={each.kind} order={each.order} />}
            </g>
          )
        })}
      </g>
    )
  })
}

const pathOf = (places: readonly Place[]): string =>
  places.map(({ x, y }, index) => `${index === 0 ? 'M' : 'L'}${x.toFixed(1)} ${y.toFixed(1)}`).join('')
