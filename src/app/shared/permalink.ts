// Permalinks: a page writes its choices into the part of its address behind the #.
import { effect } from '@preact/signals'

/** What every page gets from a link besides its own choices. */
export interface ParsedLink {
  /** Names of the parts that were not understood; they are ignored. */
  readonly refused: readonly string[]
}

/** The text of a link, without the #. Undefined parts are left out; commas and colons stay readable. */
export function linkText(parts: Readonly<Record<string, string | undefined>>): string {
  const written = new URLSearchParams()
  for (const [name, value] of Object.entries(parts)) if (value !== undefined) written.set(name, value)
  return written.toString().replaceAll('%2C', ',').replaceAll('%3A', ':')
}

/** Replaces the address whenever the signals that `text` reads change; undefined leaves it as it is. */
export function keepAddress(text: () => string | undefined): void {
  effect(() => {
    const parts = text()
    if (parts !== undefined) history.replaceState(null, '', `#${parts}`)
  })
}
