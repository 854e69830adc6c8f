// A button that copies a text and reports the outcome, also to screen readers.
import { useSignal } from '@preact/signals'
import type { ComponentChildren } from 'preact'
import { strings } from '../strings/strings.ts'
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
  const outcome = useSignal<'' | 'copied' | 'notCopied'>('')
  const said = outcome.value && strings.value.app[outcome.value]
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(typeof text === 'string' ? text : text())
      outcome.value = 'copied'
    } catch {
      outcome.value = 'notCopied'
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
        title={said || label}
        onClick={() => void copy()}
      >
        {outcome.value === 'copied' ? <CheckIcon /> : icon}
      </button>
      <span class="unseen" role="status">
        {said}
      </span>
    </>
  )
}
