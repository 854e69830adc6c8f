// The name “hadal” as a drawing.

/** Screen readers read it as “Hadal”. */
export function Wordmark() {
  return (
    <svg class="wordmark" viewBox="0 0 106 36" role="img" aria-label="Hadal">
      <g class="strokes">
        <path d="M4 4v27M4 22a7.5 7.5 0 0 1 15 0v9" />
        <circle cx="34" cy="23" r="8" />
        <path d="M42 15v16" />
        <circle cx="58" cy="23" r="8" />
        <path d="M66 4v27" />
        <circle cx="82" cy="23" r="8" />
        <path d="M90 15v16M101 4v27" />
      </g>
      <circle class="light" cx="82" cy="23" r="3.4" />
    </svg>
  )
}
