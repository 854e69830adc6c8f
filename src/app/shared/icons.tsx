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

export const CloseIcon = () => (
  <Icon>
    <path d="m6.5 6.5 11 11M17.5 6.5l-11 11" />
  </Icon>
)

/** A paper clip. */
export const AttachIcon = () => (
  <Icon>
    <path d="m19.5 11.5-7.6 7.6a5 5 0 0 1-7-7l8-8a3.3 3.3 0 0 1 4.7 4.7" />
    <path d="m17.6 8.8-7.9 7.9a1.7 1.7 0 0 1-2.4-2.4l7.2-7.2" />
  </Icon>
)

export const DocumentIcon = () => (
  <Icon>
    <path d="M13.5 3.5H7A1.5 1.5 0 0 0 5.5 5v14A1.5 1.5 0 0 0 7 20.5h10a1.5 1.5 0 0 0 1.5-1.5V8.5z" />
    <path d="M13.5 3.5v5h5M9 13h6M9 16.5h4" />
  </Icon>
)

export const GearIcon = () => (
  <Icon>
    <circle cx="12" cy="12" r="3" />
    <path d="M12 3v2.5M12 18.5V21M3 12h2.5M18.5 12H21M5.6 5.6l1.8 1.8M16.6 16.6l1.8 1.8" />
    <path d="m18.4 5.6-1.8 1.8M7.4 16.6l-1.8 1.8" />
    <circle cx="12" cy="12" r="6.5" />
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
