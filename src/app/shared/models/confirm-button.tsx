// A button that asks for a second press before it discards what may have taken hours to download.
import { useSignal } from '@preact/signals'
import type { ComponentChildren } from 'preact'

/** `children`: its text, and with `asking` what it asks; `hint`: said to screen readers while it asks. */
export function ConfirmButton({
  children,
  asking: question,
  hint,
  disabled = false,
  onConfirm,
}: {
  children: ComponentChildren
  asking: string
  hint: string
  disabled?: boolean
  onConfirm(): unknown
}) {
  const asking = useSignal(false)
  const press = ({ detail }: MouseEvent) => {
    // The second click of a double click is no confirmation.
    if (asking.value && detail > 1) return
    asking.value = !asking.value
    if (!asking.value) onConfirm()
  }
  return (
    <>
      <button
        class={asking.value ? 'quiet danger asking' : 'quiet danger'}
        type="button"
        disabled={disabled}
        onClick={press}
        onBlur={() => {
          asking.value = false
        }}
      >
        <span>
          {children}
          {asking.value && question}
        </span>
      </button>
      <span class="unseen" role="status">
        {asking.value && hint}
      </span>
    </>
  )
}
