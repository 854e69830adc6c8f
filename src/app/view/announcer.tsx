// Answers: what does a screen reader say while an answer arrives? Whole sentences, politely. It must not know how it looks.
import { useRef } from 'preact/hooks'
import { isAnswering } from '../state/chat.ts'
import { chat } from '../state/session.ts'
import { silence, spokenNext } from '../state/spoken.ts'

export function Announcer() {
  // A conversation that was here before the page is not read aloud.
  const restored = useRef(chat.value.turns.length > 0 ? chat.value : undefined)
  const spoken = useRef(silence)
  const turn = chat.value.turns.at(-1)
  if (restored.current !== chat.value) {
    restored.current = undefined
    const { id = 0, answer } = turn ?? {}
    spoken.current = spokenNext(spoken.current, id, answer?.text ?? '', !isAnswering(chat.value))
  }
  return (
    <div class="unseen" role="log" aria-live="polite" aria-label="Answer">
      {turn?.answer.status === 'thinking' && <p>Thinking</p>}
      {spoken.current.pieces.map((piece, index) => (
        <p key={index}>{piece}</p>
      ))}
    </div>
  )
}
