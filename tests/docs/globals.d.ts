// Names that the documents' code blocks use without declaring them: the reader's own code.
import type { ComponentType } from 'react'

declare global {
  /** Shows a value, such as how far a load is. */
  function show(...values: unknown[]): void
  /** Writes a piece of text as it comes. */
  function write(...pieces: unknown[]): void
  /** Mounts a component until it shows an answer; put after each block that exports one. */
  function mount(component: ComponentType): Promise<void>
}
