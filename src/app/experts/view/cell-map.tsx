// A map of layers and experts, drawn as one picture: its cost does not grow with elements.
import { useSignal } from '@preact/signals'
import { useEffect, useLayoutEffect, useRef } from 'preact/hooks'
import { useWidth } from '../../chart/use-width.ts'
import { expertStrings } from '../../strings/experts.ts'
import { type CellLayout, cellAt, cellPlace, layOutCells, neighbourCell } from '../state/cell-layout.ts'

interface CellMapProps {
  readonly layers: readonly number[]
  readonly experts: number
  /** Brightness of each cell, 0 to 1; [layers, experts]. */
  readonly values: Float32Array
  /** The colour: a custom property of the page's styles. */
  readonly tone: 'lantern' | 'glow'
  /** What the cell of a layer and an expert says. */
  readonly describe: (cell: number) => string
}

export function CellMap({ layers, experts, values, tone, describe }: CellMapProps) {
  const text = expertStrings.value
  const { ref, width } = useWidth<HTMLDivElement>()
  const canvas = useRef<HTMLCanvasElement>(null)
  const pointed = useSignal<number | undefined>(undefined)
  const scheme = useColourScheme()
  const layout = layOutCells(width, layers.length, experts)
  useLayoutEffect(() => {
    if (canvas.current && width > 0) draw(canvas.current, layout, { layers, experts, values, tone })
  }, [values, width, tone, scheme, experts, layers.length])
  const readout = pointed.value === undefined ? text.pointHint : describe(pointed.value)
  const place = pointed.value === undefined ? undefined : cellPlace(layout, experts, pointed.value)
  return (
    <div class="cell-map">
      {/* biome-ignore lint/a11y/useSemanticElements: a group of a picture and its mark */}
      <div
        ref={ref}
        class="cells"
        role="group"
        dir="ltr"
        // biome-ignore lint/a11y/noNoninteractiveTabindex: arrow keys move within it
        tabIndex={0}
        aria-label={`${text.mapName(layers.length, experts)}. ${text.pointHint}`}
        onPointerMove={({ offsetX: x, offsetY: y }) => {
          pointed.value = cellAt(layout, experts, { x, y })
        }}
        onPointerLeave={() => {
          pointed.value = undefined
        }}
        onKeyDown={(event) => {
          const from = pointed.value
          const isKey = neighbourCell(0, event.key, 2, 2) !== undefined || event.key.startsWith('Arrow')
          if (!isKey) return
          event.preventDefault()
          pointed.value =
            from === undefined ? 0 : (neighbourCell(from, event.key, layers.length, experts) ?? from)
        }}
      >
        <canvas ref={canvas} />
        {place && (
          <span
            class="pointed-cell"
            style={{ translate: `${place.x}px ${place.y}px`, inlineSize: `${layout.cell}px` }}
          />
        )}
      </div>
      <p class="figures" aria-live="polite">
        {readout}
      </p>
    </div>
  )
}

/** Changes with the device's colour scheme or the page's, which a picture does not follow by itself. */
function useColourScheme(): number {
  const changes = useSignal(0)
  useEffect(() => {
    const query = matchMedia('(prefers-color-scheme: dark)')
    const update = () => {
      changes.value++
    }
    const observer = new MutationObserver(update)
    observer.observe(document.documentElement, { attributes: true })
    query.addEventListener('change', update)
    return () => {
      observer.disconnect()
      query.removeEventListener('change', update)
    }
  }, [])
  return changes.value
}

function draw(
  canvas: HTMLCanvasElement,
  layout: CellLayout,
  { layers, experts, values, tone }: Omit<CellMapProps, 'describe'>,
): void {
  const context = canvas.getContext('2d')
  if (!context) return
  const scale = devicePixelRatio
  const { width, height, cell, lines } = layout
  canvas.width = Math.ceil(width * scale)
  canvas.height = Math.ceil(height * scale)
  canvas.style.inlineSize = `${width}px`
  canvas.style.blockSize = `${height}px`
  context.scale(scale, scale)
  const colours = coloursOf(canvas)
  const gap = cell >= 12 ? 2 : 1
  const side = cell - gap
  const radius = Math.min(4, side / 4)
  context.font = `${Math.min(11, Math.max(8, cell - 2))}px ${colours.font}`
  context.textBaseline = 'middle'
  layers.forEach((layer, at) => {
    const { y } = cellPlace(layout, experts, at * experts)
    // Labels of narrow strips would touch.
    if (layout.layerHeight < 10 && at % 2 === 1) return
    context.fillStyle = colours.label
    context.textAlign = 'right'
    context.fillText(String(layer), layout.labelWidth - 8, y + (lines * cell - gap) / 2)
  })
  context.textAlign = 'center'
  values.forEach((value, index) => {
    const { x, y } = cellPlace(layout, experts, index)
    const box = () => {
      context.beginPath()
      context.roundRect(x, y, side, side, radius)
      context.fill()
    }
    context.fillStyle = colours.rest
    box()
    if (value > 0) {
      context.globalAlpha = 0.15 + 0.85 * value
      context.fillStyle = colours[tone]
      box()
      context.globalAlpha = 1
    }
    if (side < 18) return
    context.fillStyle = value > colours.strong ? colours.onTone : value > 0 ? colours.ink : colours.label
    context.fillText(String(index % experts), x + side / 2, y + side / 2 + 0.5)
  })
}

function coloursOf(element: HTMLElement) {
  const style = getComputedStyle(element)
  /** A custom property may be `light-dark(…)`; only as a colour it is resolved. */
  const resolved = (name: string) => {
    element.style.color = `var(${name})`
    const { color } = getComputedStyle(element)
    element.style.color = ''
    return color
  }
  const ink = resolved('--ink')
  const isDark = Number(/\d+/.exec(ink)?.[0]) > 127
  return {
    strong: isDark ? 0.35 : 0.75, // values above which a number has the colour of texts on the tone
    rest: resolved('--cell'),
    glow: resolved('--glow'),
    lantern: resolved('--lantern'),
    label: resolved('--ink-soft'),
    ink,
    onTone: resolved('--on-glow'),
    font: style.fontFamily,
  }
}
