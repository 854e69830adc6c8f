// Answers: how is an amount shown beside others? As a bar with its name and its number. It must not know what is counted.
import type { ComponentChildren } from 'preact'

export interface BarProps {
  readonly name: ComponentChildren
  readonly value: string
  /** Of the longest bar, 0 to 1. */
  readonly part: number
  /** Decides colour and pattern. */
  readonly kind: string
}

export function Bar({ name, value, part, kind }: BarProps) {
  return (
    <div class={`bar ${kind}`}>
      <p>
        <span>{name}</span> <b>{value}</b>
      </p>
      <div class="track" aria-hidden="true">
        <div class="fill" style={{ inlineSize: `${100 * part}%` }} />
      </div>
    </div>
  )
}
