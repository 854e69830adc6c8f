// Answers: how is a text copied, and how does one see and hear that it was? It must not know the text.
import { useSignal } from '@preact/signals'
import { CopyIcon, DoneIcon } from './icons.tsx'

const shownMs = 1500

export function CopyButton({ text, label }: { text: string; label: string }) {
  const outcome = useSignal<'' | 'Copied' | 'This browser did not copy it'>('')
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(text)
      outcome.value = 'Copied'
    } catch {
      outcome.value = 'This browser did not copy it'
    }
    setTimeout(() => {
      outcome.value = ''
    }, shownMs)
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
        {outcome.value === 'Copied' ? <DoneIcon /> : <CopyIcon />}
      </button>
      <span class="unseen" role="status">
        {outcome.value}
      </span>
    </>
  )
}
