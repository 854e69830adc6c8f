// The permalink button of a page, and the notice about parts of a link that were not understood.
import { CopyButton } from './copy-button.tsx'

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
