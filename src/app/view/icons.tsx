// Answers: which small drawings do buttons carry? All are 24 units wide and take the colour of their text.
// It must not know what the buttons do.
import type { ComponentChildren } from 'preact'

function Icon({ children }: { children: ComponentChildren }) {
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

/** Two curves that part: memory against context. */
export const ChartIcon = () => (
  <Icon>
    <path d="M4 4v16h16M7.5 16.500c6-.5 8.500-3.500 10.500-10.500M8 17c4.500-.5 8-1.500 11-3.500" />
  </Icon>
)

/** A lens over a grid of cells. */
export const LensIcon = () => (
  <Icon>
    <circle cx="10.5" cy="10.5" r="6.500" />
    <path d="m15.500 15.500 5 5M10.500 7.500v6M7.500 10.500h6" />
  </Icon>
)

export const CopyIcon = () => (
  <Icon>
    <rect x="9" y="9" width="11" height="11" rx="2.5" />
    <path d="M15 9V6.5A2.5 2.5 0 0 0 12.5 4h-6A2.5 2.5 0 0 0 4 6.500v6A2.5 2.5 0 0 0 6.5 15H9" />
  </Icon>
)

export const EditIcon = () => (
  <Icon>
    <path d="M4.500 19.500l1-4L16 5l3 3L8.500 18.500zM14 7l3 3" />
  </Icon>
)

export const DoneIcon = () => (
  <Icon>
    <path d="m5 12.5 4.5 4.500L19 7.5" />
  </Icon>
)

export const AgainIcon = () => (
  <Icon>
    <path d="M19.5 12a7.5 7.5 0 1 1-2.400-5.500L19.5 8.700M19.5 4v4.700h-4.700" />
  </Icon>
)

/** A lure, the light that some deep-sea fish carry before them: thinking. */
export const ThinkIcon = () => (
  <Icon>
    <path d="M4 19c0-8 3-12.5 9.5-12.5" />
    <circle cx="16.5" cy="8" r="3" fill="currentColor" />
    <path d="M16.5 13.500v1.500M21 12l-.9-.9M12 12l.9-.9" />
  </Icon>
)
