// A button that copies a text and reports the outcome, also to screen readers.
import { useSignal } from '@preact/signals'
import { strings } from '../strings/strings.ts'
import { CheckIcon, CopyIcon } from './icons.tsx'

const SHOWN_MS = 1500

export function CopyButton({ text, label }: { text: string; label: string }) {
  const outcome = useSignal<'' | 'copied' | 'notCopied'>('')
  const said = outcome.value && strings.value.app[outcome.value]
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(text)
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
        {outcome.value === 'copied' ? <CheckIcon /> : <CopyIcon />}
      </button>
      <span class="unseen" role="status">
        {said}
      </span>
    </>
  )
}
