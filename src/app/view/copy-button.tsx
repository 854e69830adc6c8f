// Answers: how is a text copied, and how does one see that it was? It must not know the text.
import { useSignal } from '@preact/signals'
import { CopyIcon, DoneIcon } from './icons.tsx'

const shownMs = 1500

export function CopyButton({ text, label }: { text: string; label: string }) {
  const copied = useSignal(false)
  const copy = async () => {
    await navigator.clipboard.writeText(text)
    copied.value = true
    setTimeout(() => {
      copied.value = false
    }, shownMs)
  }
  const name = copied.value ? 'Copied' : label
  return (
    <button class="small" type="button" aria-label={name} title={name} onClick={() => void copy()}>
      {copied.value ? <DoneIcon /> : <CopyIcon />}
    </button>
  )
}
