// A line chart that can be read by eye, by keyboard and by screen reader: each point is an option of a
// listbox, and the arrow keys move between points.
import { useSignal } from '@preact/signals'
import { useId } from 'preact/hooks'
import { ChartAxes } from './axes.tsx'
import { spreadLabels } from './axis-scale.ts'
import type { ChartProps } from './chart-props.ts'
import { ChartLines } from './lines.tsx'
import { Sample } from './marks.tsx'
import { type PixelPoint, plotFrame } from './plot-frame.ts'
import { nearestPoint, neighbourPoint, type PointIndex } from './point-navigation.ts'
import type { ChartPoint, ChartSeries } from './series.ts'
import { useWidth } from './use-width.ts'

const LABEL_HEIGHT = 17 // pixels

export function LineChart(props: ChartProps) {
  const { title, series, xScale, yScale, children } = props
  const axes = `${props.yName} by ${props.xName}`
  const { ref, width } = useWidth<HTMLDivElement>()
  const active = useSignal<PointIndex | undefined>(undefined)
  const titleId = useId()
  const frame = plotFrame(width, xScale, yScale, Math.max(0, ...series.map(({ name }) => name.length)))
  const pixels: PixelPoint[][] = series.map(({ points }) =>
    points.map((point) => frame.toPixels(point.x, point.y)),
  )
  const point = pointAt(series, active.value)
  const ends = series.map(({ points, line, beyond }) => {
    const last = beyond?.at(-1) ?? line?.at(-1)
    const point = points.at(-1)
    return last ? frame.toPixels(...last) : frame.toPixels(point?.x ?? 0, point?.y ?? 0)
  })
  const labels = frame.labelled ? labelHeights(ends, frame.top, frame.bottom) : []

  const onKeyDown = (event: KeyboardEvent & { currentTarget: Element }) => {
    const next = neighbourPoint(pixels, active.value ?? { line: 0, point: 0 }, event.key)
    if (!next) return
    event.preventDefault()
    active.value = next
    event.currentTarget.querySelector<SVGElement>(`[data-point="${next.line}-${next.point}"]`)?.focus()
  }
  const onPointer = (event: PointerEvent & { currentTarget: Element }) => {
    const { left, top } = event.currentTarget.getBoundingClientRect()
    active.value = nearestPoint(pixels, event.clientX - left, event.clientY - top)
  }
  return (
    <figure class="chart" aria-labelledby={titleId}>
      <figcaption>
        <h3 id={titleId}>{title}</h3>
        <p class="readout" aria-hidden="true">
          {point?.text ?? axes}
        </p>
      </figcaption>
      <div ref={ref} class="plot">
        {width > 0 && (
          <>
            <svg width={width} height={frame.height} aria-hidden="true">
              <ChartAxes frame={frame} {...props} />
              {series.flatMap(({ points }, line) =>
                points.map((point, index) => {
                  const { x: left = 0, y: top = 0 } = pixels[line]?.[index] ?? {}
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
                  class={`label ${series[index]?.style.className}`}
                  x={frame.right + 12}
                  y={height + 4}
                >
                  {series[index]?.name}
                </text>
              ))}
            </svg>
            <div
              role="listbox"
              aria-label={`${title}: ${axes}. Use the arrow keys to move between points.`}
              onKeyDown={onKeyDown}
              onPointerMove={onPointer}
              onPointerDown={onPointer}
              onPointerLeave={() => {
                active.value = undefined
              }}
            >
              <svg width={width} height={frame.height} role="presentation">
                <ChartLines
                  frame={frame}
                  series={series}
                  pixels={pixels}
                  active={active.value}
                  onFocus={(focused) => {
                    active.value = focused
                  }}
                />
              </svg>
            </div>
          </>
        )}
      </div>
      {!frame.labelled && <ChartLegend series={series} />}
      {children}
    </figure>
  )
}

function ChartLegend({ series }: { series: readonly ChartSeries[] }) {
  return (
    <ul class="legend" aria-hidden="true">
      {series.map(({ id, style, order, name }) => (
        <li key={id}>
          <Sample style={style} order={order} /> {name}
        </li>
      ))}
    </ul>
  )
}

function pointAt(series: readonly ChartSeries[], active: PointIndex | undefined): ChartPoint | undefined {
  return active && series[active.line]?.points[active.point]
}

/** Where the names of the lines stand: beside the ends, moved apart. */
function labelHeights(ends: readonly PixelPoint[], top: number, bottom: number): number[] {
  return spreadLabels(
    ends.map(({ y }) => y),
    LABEL_HEIGHT,
    top,
    bottom,
  )
}
