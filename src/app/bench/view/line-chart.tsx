// Answers: how is one quantity drawn against another, so that eyes, keys and screen readers can follow each line?
// It must not know what the quantities are.
import { useSignal } from '@preact/signals'
import { useId } from 'preact/hooks'
import { apart } from '../state/scale.ts'
import type { Point, Series } from '../state/series.ts'
import { Axes } from './axes.tsx'
import type { ChartProps } from './chart-props.ts'
import { frameOf, type Place } from './frame.ts'
import { Lines } from './lines.tsx'
import { Sample } from './marks.tsx'
import { nearest, neighbour, type Spot } from './spots.ts'
import { useWidth } from './use-width.ts'

const labelHeight = 17

export function LineChart(props: ChartProps) {
  const { title, series, x, y, children } = props
  const { ref, width } = useWidth<HTMLDivElement>()
  const active = useSignal<Spot | undefined>(undefined)
  const titleId = useId()
  const frame = frameOf(width, x, y, Math.max(0, ...series.map(({ name }) => name.length)))
  const places: Place[][] = series.map(({ points }) => points.map((point) => frame.place(point.x, point.y)))
  const point = pointAt(series, active.value)
  const ends = series.map(({ points, line, beyond }) => {
    const last = beyond?.at(-1) ?? line?.at(-1)
    const point = points.at(-1)
    return last ? frame.place(...last) : frame.place(point?.x ?? 0, point?.y ?? 0)
  })
  const labels = frame.labelled ? heightsOf(ends, frame.top, frame.bottom) : []

  const onKeyDown = (event: KeyboardEvent & { currentTarget: Element }) => {
    const next = neighbour(places, active.value ?? { line: 0, point: 0 }, event.key)
    if (!next) return
    event.preventDefault()
    active.value = next
    event.currentTarget.querySelector<SVGElement>(`[data-spot="${next.line}-${next.point}"]`)?.focus()
  }
  const onPointer = (event: PointerEvent & { currentTarget: Element }) => {
    const { left, top } = event.currentTarget.getBoundingClientRect()
    active.value = nearest(places, event.clientX - left, event.clientY - top)
  }
  return (
    <figure class="chart" aria-labelledby={titleId}>
      <figcaption>
        <h3 id={titleId}>{title}</h3>
        <p class="readout" aria-hidden="true">
          {point?.text ?? `${props.up}, against ${props.across}`}
        </p>
      </figcaption>
      <div ref={ref} class="plot">
        {width > 0 && (
          <>
            <svg width={width} height={frame.height} aria-hidden="true">
              <Axes frame={frame} {...props} />
              {series.flatMap(({ points }, line) =>
                points.map((point, index) => {
                  const { x: left = 0, y: top = 0 } = places[line]?.[index] ?? {}
                  return point.label ? (
                    <text key={point.text} class="mark-name" x={left + 8} y={top - 13}>
                      {point.label}
                    </text>
                  ) : null
                }),
              )}
              {labels.map((height, index) => (
                <text
                  key={series[index]?.id}
                  class={`label ${series[index]?.kind}`}
                  x={frame.right + 12}
                  y={height + 4}
                >
                  {series[index]?.name}
                </text>
              ))}
            </svg>
            <div
              role="listbox"
              aria-label={`${title}: ${props.up} against ${props.across}. Arrow keys go from point to point.`}
              onKeyDown={onKeyDown}
              onPointerMove={onPointer}
              onPointerDown={onPointer}
              onPointerLeave={() => {
                active.value = undefined
              }}
            >
              <svg width={width} height={frame.height} role="presentation">
                <Lines
                  frame={frame}
                  series={series}
                  places={places}
                  active={active.value}
                  onFocus={(spot) => {
                    active.value = spot
                  }}
                />
              </svg>
            </div>
          </>
        )}
      </div>
      {!frame.labelled && <Legend series={series} />}
      {children}
    </figure>
  )
}

function Legend({ series }: { series: readonly Series[] }) {
  return (
    <ul class="legend" aria-hidden="true">
      {series.map(({ id, kind, order, name }) => (
        <li key={id}>
          <Sample kind={kind} order={order} /> {name}
        </li>
      ))}
    </ul>
  )
}

function pointAt(series: readonly Series[], spot: Spot | undefined): Point | undefined {
  return spot && series[spot.line]?.points[spot.point]
}

/** Heights of the names beside the ends of the lines. */
function heightsOf(ends: readonly Place[], top: number, bottom: number): number[] {
  return apart(
    ends.map(({ y }) => y),
    labelHeight,
    top,
    bottom,
  )
}
