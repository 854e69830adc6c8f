// A button that copies a text and reports the outcome, also to screen readers.
import { useSignal } from '@preact/signals'
import type { ComponentChildren } from 'preact'
import { CheckIcon, CopyIcon } from './icons.tsx'

const SHOWN_MS = 1500

/** `text`: a function where it takes work to make. `icon`: in place of two sheets of paper. */
export function CopyButton({
  text,
  label,
  icon = <CopyIcon />,
}: {
  text: string | (() => string)
  label: string
  icon?: ComponentChildren
}) {
  const outcome = useSignal<'' | 'Copied' | 'Could not copy'>('')
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(typeof text === 'string' ? text : text())
      outcome.value = 'Copied'
    } catch {
      outcome.value = 'Could not copy'
    }
    setTimeout(() => {
      outcome.value = ''
    }, SHOWN_MS)
  }
  return (
    <>
      <button
        class="small"
        type="button"
        aria-label={label}
        title={outcome.value || label}
        onClick={() => void copy()}
      >
        {outcome.value === 'Copied' ? <CheckIcon /> : icon}
      </button>
      <span class="unseen" role="status">
        {outcome.value}
      </span>
    </>
  )
}
