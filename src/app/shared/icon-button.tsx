// A small button with an icon, whose name screen readers read and the pointer shows.
import type { ComponentChildren } from 'preact'

export function IconButton({
  label,
  disabled = false,
  onPress,
  children,
}: {
  label: string
  disabled?: boolean
  onPress(event: { readonly currentTarget: HTMLButtonElement }): void
  children: ComponentChildren
}) {
  return (
    <button
      class="small"
      type="button"
      aria-label={label}
      title={label}
      disabled={disabled}
      onClick={(event) => onPress(event)}
    >
      {children}
    </button>
  )
}
