// Icons of buttons: 24 units wide, in the colour of the text.
import type { ComponentChildren } from 'preact'

/** Draws its children as an icon. */
export function Icon({ children }: { children: ComponentChildren }) {
  return (
    <svg class="icon" viewBox="0 0 24 24" aria-hidden="true">
      {children}
    </svg>
  )
}

export const SendIcon = () => (
  <Icon>
    <path d="M12 19V5M5.5 11.5 12 5l6.5 6.5" />
  </Icon>
)

export const StopIcon = () => (
  <Icon>
    <rect x="7" y="7" width="10" height="10" rx="2" fill="currentColor" />
  </Icon>
)

export const NewIcon = () => (
  <Icon>
    <path d="M12 5v14M5 12h14" />
  </Icon>
)

export const CopyIcon = () => (
  <Icon>
    <rect x="9" y="9" width="11" height="11" rx="2.5" />
    <path d="M15 9V6.5A2.5 2.5 0 0 0 12.5 4h-6A2.5 2.5 0 0 0 4 6.5v6A2.5 2.5 0 0 0 6.5 15H9" />
  </Icon>
)

export const EditIcon = () => (
  <Icon>
    <path d="M4.5 19.5l1-4L16 5l3 3L8.5 18.5zM14 7l3 3" />
  </Icon>
)

export const CheckIcon = () => (
  <Icon>
    <path d="m5 12.5 4.5 4.5L19 7.5" />
  </Icon>
)

export const RetryIcon = () => (
  <Icon>
    <path d="M19.5 12a7.5 7.5 0 1 1-2.4-5.5L19.5 8.7M19.5 4v4.7h-4.7" />
  </Icon>
)

/** The glowing lure of a deep-sea fish: thinking. */
export const ThinkIcon = () => (
  <Icon>
    <path d="M4 19c0-8 3-12.5 9.5-12.5" />
    <circle cx="16.5" cy="8" r="3" fill="currentColor" />
    <path d="M16.5 13.5v1.5M21 12l-.9-.9M12 12l.9-.9" />
  </Icon>
)

export const PreviousIcon = () => (
  <Icon>
    <path d="m14.5 6-6 6 6 6" />
  </Icon>
)

export const NextIcon = () => (
  <Icon>
    <path d="m9.5 6 6 6-6 6" />
  </Icon>
)

export const ContinueIcon = () => (
  <Icon>
    <path d="M5 6v12l8-6zM18 6v12" />
  </Icon>
)

/** A grid of cells, some lit: the experts of a layer. */
export const InsideIcon = () => (
  <Icon>
    <path d="M4.5 4.5h6v6h-6zM13.5 4.5h6v6h-6zM4.5 13.5h6v6h-6z" />
    <rect x="13.5" y="13.5" width="6" height="6" fill="currentColor" />
  </Icon>
)

/** Lines of text: plain text. */
export const TextIcon = () => (
  <Icon>
    <path d="M5 6h14M5 10.5h14M5 15h14M5 19.5h8" />
  </Icon>
)

export const SpeakIcon = () => (
  <Icon>
    <path d="M5 9.5v5h3.5L13 18.5v-13L8.5 9.5zM16 9a4 4 0 0 1 0 6M18.5 6.5a7.5 7.5 0 0 1 0 11" />
  </Icon>
)
