// Footnotes as links inside an answer: the number in the text, the notes below it.
import type { ComponentChildren } from 'preact'
import { useContext } from 'preact/hooks'
import { strings } from '../strings/strings.ts'
import { AnswerContext } from './answer-context.ts'
import type { Footnote } from './footnotes.ts'
import type { NoteReference } from './grammar.ts'

/** A number that links to its note. Until the note is written it is only a number. */
export function FootnoteNumber({ token }: { token: NoteReference }) {
  const { id, complete, footnotes } = useContext(AnswerContext)
  const footnote = footnotes.value.get(token.label)
  if (!footnote?.note) return complete.value || !footnote ? token.raw : <sup>{footnote.number}</sup>
  const { number, first } = footnote
  return (
    <sup>
      <a
        class="note"
        id={first === token ? `${id}-from-${number}` : undefined}
        href={`#${id}-note-${number}`}
        aria-label={strings.value.markdown.footnote(number)}
        onClick={(event) => goTo(event, `${id}-note-${number}`)}
      >
        {number}
      </a>
    </sup>
  )
}

/** The notes below the text. `draw`: draws the content of one. */
export function FootnoteList({ draw }: { draw: (footnote: Footnote) => ComponentChildren }) {
  const { id, footnotes } = useContext(AnswerContext)
  const { markdown } = strings.value
  const written = [...footnotes.value.values()].filter(({ note }) => note)
  if (written.length === 0) return null
  return (
    <section class="footnotes" aria-label={markdown.footnotes}>
      <ol>
        {written.map((footnote) => (
          <li
            key={footnote.label}
            id={`${id}-note-${footnote.number}`}
            value={footnote.number}
            tabIndex={-1}
            dir="auto"
          >
            {draw(footnote)}
            {footnote.first && (
              <a
                class="back"
                href={`#${id}-from-${footnote.number}`}
                aria-label={markdown.backToText(footnote.number)}
                onClick={(event) => goTo(event, `${id}-from-${footnote.number}`)}
              >
                ↩
              </a>
            )}
          </li>
        ))}
      </ol>
    </section>
  )
}

/** Moves the focus without changing the page's address, which says what else is open. */
function goTo(event: Event, id: string): void {
  event.preventDefault()
  document.getElementById(id)?.focus()
}
