// Announces answers to screen readers in whole sentences.
import { useRef } from 'preact/hooks'
import { conversation, generating } from '../state/session.ts'
import { NOTHING_SPOKEN, nextSpoken } from '../state/speech.ts'

export function Announcer() {
  // A restored conversation is not read aloud.
  const restored = useRef(conversation.value.turns.length > 0 ? conversation.value : undefined)
  const spoken = useRef(NOTHING_SPOKEN)
  const turn = conversation.value.turns.at(-1)
  if (restored.current !== conversation.value) {
    restored.current = undefined
    const { id = 0, answer } = turn ?? {}
    spoken.current = nextSpoken(spoken.current, id, answer?.text ?? '', !generating.value)
  }
  return (
    <div class="unseen" role="log" aria-live="polite" aria-label="Answer">
      {turn?.answer.status === 'thinking' && <p>Thinking</p>}
      {spoken.current.sentences.map((sentence, index) => (
        <p key={index}>{sentence}</p>
      ))}
    </div>
  )
}
