// What the parts of one Markdown text share: whether it is complete, and its footnotes.
import { type ReadonlySignal, signal } from '@preact/signals'
import { createContext } from 'preact'
import type { Footnotes } from './footnotes.ts'
import { NO_FOOTNOTES } from './footnotes.ts'

export interface MarkdownContext {
  /** Begins the ids of this text's elements, unique in the page. */
  readonly id: string
  /** False while the text grows. */
  readonly complete: ReadonlySignal<boolean>
  readonly footnotes: ReadonlySignal<Footnotes>
}

export const AnswerContext = createContext<MarkdownContext>({
  id: 'text',
  complete: signal(true),
  footnotes: signal(NO_FOOTNOTES),
})
