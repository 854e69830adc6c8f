// Background of a line chart: grid with numbers, a highlighted band, and a limit line.
import type { ChartProps } from './chart-props.ts'
import type { PlotFrame } from './plot-frame.ts'

export function ChartAxes({
  frame,
  xScale,
  yScale,
  formatX,
  formatY,
  limit,
  band,
}: { frame: PlotFrame } & Pick<ChartProps, 'xScale' | 'yScale' | 'formatX' | 'formatY' | 'limit' | 'band'>) {
  const { left, right, top, bottom } = frame
  const pixelY = (value: number) => bottom - yScale.positionOf(value) * (bottom - top)
  const pixelX = (value: number) => left + xScale.positionOf(value) * (right - left)
  return (
    <g class="axes">
      {band && (
        <>
          <rect
            class="band"
            x={left}
            y={pixelY(band.to)}
            width={right - left}
            height={pixelY(band.from) - pixelY(band.to)}
          />
          <text class="note" x={right - 6} y={pixelY(band.to) + 15} text-anchor="end">
            {band.name}
          </text>
        </>
      )}
      {yScale.ticks.map((tick) => (
        <g key={tick}>
          <path class="grid" d={`M${left} ${pixelY(tick)}H${right}`} />
          <text x={left - 8} y={pixelY(tick) + 4} text-anchor="end">
            {formatY(tick)}
          </text>
        </g>
      ))}
      {xScale.ticks.map((tick) => (
        <text key={tick} x={pixelX(tick)} y={bottom + 20} text-anchor="middle">
          {formatX(tick)}
        </text>
      ))}
      {limit && (
        <>
          <path class="limit" d={`M${left} ${pixelY(limit.y)}H${right}`} />
          <text class="note limit-name" x={left + 8} y={pixelY(limit.y) - 6}>
            {limit.name}
          </text>
        </>
      )}
    </g>
  )
}
