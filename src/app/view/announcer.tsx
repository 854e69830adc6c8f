// Announces answers to screen readers in whole sentences.
import { useRef } from 'preact/hooks'
import { generating, path } from '../state/session.ts'
import { NOTHING_SPOKEN, nextSpoken } from '../state/speech.ts'
import { strings } from '../strings/strings.ts'

export function Announcer() {
  const last = path.value.at(-1)?.message
  const answer = last?.role === 'assistant' ? last : undefined
  const spoken = useRef(NOTHING_SPOKEN)
  const followed = useRef('')
  // Only what is written now is read aloud, not what is opened or flipped to.
  if (generating.value) followed.current = answer?.id ?? ''
  if (answer && followed.current === answer.id)
    spoken.current = nextSpoken(spoken.current, answer.id, answer.text, !generating.value)
  return (
    <div class="unseen" role="log" aria-live="polite" aria-label={strings.value.chat.answer}>
      {answer?.status === 'thinking' && <p>{strings.value.chat.thinking}</p>}
      {spoken.current.sentences.map((sentence, index) => (
        <p key={index}>{sentence}</p>
      ))}
    </div>
  )
}
