// A horizontal bar with a name and a value.
import type { ComponentChildren } from 'preact'

export interface BarProps {
  readonly name: ComponentChildren
  readonly value: string
  /** Length as a fraction of the longest bar, 0 to 1. */
  readonly fraction: number
  /** CSS class that sets colour and pattern. */
  readonly kind: string
}

export function Bar({ name, value, fraction, kind }: BarProps) {
  return (
    <div class={`bar ${kind}`}>
      <p>
        <span>{name}</span> <b>{value}</b>
      </p>
      <div class="track" aria-hidden="true">
        <div class="fill" style={{ inlineSize: `${100 * fraction}%` }} />
      </div>
    </div>
  )
}
