// Permalinks: the part of a page's address behind the #, which no server sees, names the page's choices.
import { effect } from '@preact/signals'
import { CopyButton } from './copy-button.tsx'

/** What every page gets from a link besides its own choices. */
export interface ParsedLink {
  /** Names of the fields that were not understood; they are ignored. */
  readonly refused: readonly string[]
}

export interface LinkFields extends ParsedLink {
  /** The parsed value of a field; undefined if it is missing or invalid. */
  field<T>(name: string, parse: (text: string) => T | undefined): T | undefined
}

export function parseLinkFields(hash: string): LinkFields {
  const parts = new URLSearchParams(hash.replace(/^#/, ''))
  const refused: string[] = []
  return {
    refused,
    field(name, parse) {
      const text = parts.get(name)
      if (text === null) return undefined
      const value = parse(text)
      if (value === undefined) refused.push(name)
      return value
    },
  }
}

/** A whole number of decimal digits from `min` to `max`, or undefined. */
export function parseCount(text: string, min: number, max: number): number | undefined {
  const number = /^\d{1,9}$/.test(text) ? Number(text) : Number.NaN
  return number >= min && number <= max ? number : undefined
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

/**
 * Copies the page's address. `to`: what the link leads to, as in `these settings`; `choices`: the values that
 * the address follows, so that the button is rendered again when they change.
 */
export function Permalink({ to, choices }: { to: string; choices: readonly unknown[] }) {
  return (
    <span class="permalink">
      <CopyButton text={choices && location.href} label={`Copy link to ${to}`} />
      <span class="figures">Link with {to}</span>
    </span>
  )
}

export function UnreadLinkParts({ names }: { names: readonly string[] }) {
  if (names.length === 0) return null
  return (
    <p class="failure" role="status">
      Part of this address was not understood and is left out: {names.join(', ')}.
    </p>
  )
}
