// Lines and points of a chart. Every point can be focused.

import { dashPatternOf, Mark } from './marks.tsx'
import type { PixelPoint, PlotFrame } from './plot-frame.ts'
import type { PointIndex } from './point-navigation.ts'
import type { ChartSeries } from './series.ts'

export function ChartLines({
  frame,
  series,
  pixels,
  active,
  onFocus,
}: {
  frame: PlotFrame
  series: readonly ChartSeries[]
  pixels: readonly (readonly PixelPoint[])[]
  active: PointIndex | undefined
  onFocus: (point: PointIndex) => void
}) {
  const toPath = (line: ChartSeries['line'] = []) => pathOf(line.map(([x, y]) => frame.toPixels(x, y)))
  return series.map(({ id, style, order, points, line: formula, beyond }, line) => {
    const measured = pixels[line] ?? []
    return (
      <g key={id} class={`series ${style.className}`}>
        <path
          class="line"
          d={formula ? toPath(formula) : pathOf(measured)}
          stroke-dasharray={dashPatternOf(order)}
        />
        {beyond && <path class="beyond" d={toPath(beyond)} />}
        {points.map((point, index) => {
          const pixel = measured[index]
          if (!pixel) return null
          const pixelY = (y: number) => frame.toPixels(point.x, y).y - pixel.y
          const here = active?.line === line && active.point === index
          return (
            // Tab reaches one point of a chart; the arrow keys reach the others.
            <g
              key={point.text}
              class={here ? 'point here' : 'point'}
              role="option"
              aria-selected={here}
              aria-label={point.text}
              tabIndex={(active ? here : line === 0 && index === 0) ? 0 : -1}
              data-point={`${line}-${index}`}
              transform={`translate(${pixel.x} ${pixel.y})`}
              onFocus={() => onFocus({ line, point: index })}
            >
              <circle class="halo" r={11} />
              {point.low !== undefined && point.high !== undefined && (
                <path class="spread" d={`M0 ${pixelY(point.low)}V${pixelY(point.high)}`} />
              )}
              {point.end ? <path class="end" d="M0-7V7" /> : <Mark style={style} order={order} />}
            </g>
          )
        })}
      </g>
    )
  })
}

const pathOf = (pixels: readonly PixelPoint[]): string =>
  pixels.map(({ x, y }, index) => `${index === 0 ? 'M' : 'L'}${x.toFixed(1)} ${y.toFixed(1)}`).join('')
