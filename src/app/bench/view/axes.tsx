// Answers: what stands behind the lines of a picture? A grid with numbers, a band, and the line of a limit. It must not know the lines.
import type { ChartProps } from './chart-props.ts'
import type { Frame } from './frame.ts'

export function Axes({
  frame,
  x,
  y,
  nameX,
  nameY,
  limit,
  band,
}: { frame: Frame } & Pick<ChartProps, 'x' | 'y' | 'nameX' | 'nameY' | 'limit' | 'band'>) {
  const { left, right, top, bottom } = frame
  const height = (value: number) => bottom - y.at(value) * (bottom - top)
  const across = (value: number) => left + x.at(value) * (right - left)
  return (
    <g class="axes">
      {band && (
        <>
          <rect
            class="band"
            x={left}
            y={height(band.to)}
            width={right - left}
            height={height(band.from) - height(band.to)}
          />
          <text class="note" x={right - 6} y={height(band.to) + 15} text-anchor="end">
            {band.name}
          </text>
        </>
      )}
      {y.ticks.map((tick) => (
        <g key={tick}>
          <path class="grid" d={`M${left} ${height(tick)}H${right}`} />
          <text x={left - 8} y={height(tick) + 4} text-anchor="end">
            {nameY(tick)}
          </text>
        </g>
      ))}
      {x.ticks.map((tick) => (
        <text key={tick} x={across(tick)} y={bottom + 20} text-anchor="middle">
          {nameX(tick)}
        </text>
      ))}
      {limit && (
        <>
          <path class="limit" d={`M${left} ${height(limit.y)}H${right}`} />
          <text class="note limit-name" x={left + 8} y={height(limit.y) - 6}>
            {limit.name}
          </text>
        </>
      )}
    </g>
  )
}
