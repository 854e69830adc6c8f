// A button that copies a text and reports the outcome, also to screen readers.
import { useSignal } from '@preact/signals'
import { CheckIcon, CopyIcon } from './icons.tsx'

const SHOWN_MS = 1500

export function CopyButton({ text, label }: { text: string; label: string }) {
  const outcome = useSignal<'' | 'Copied' | 'Could not copy'>('')
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(text)
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
        {outcome.value === 'Copied' ? <CheckIcon /> : <CopyIcon />}
      </button>
      <span class="unseen" role="status">
        {outcome.value}
      </span>
    </>
  )
}
