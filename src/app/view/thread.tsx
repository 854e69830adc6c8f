// The conversation, scrolled to its end while the reader stays there.
import { useLayoutEffect, useRef } from 'preact/hooks'
import { LoadFailure } from '../shared/models/load-failure.tsx'
import { LoadProgressView } from '../shared/models/load-progress.tsx'
import { loadState } from '../shared/models/model-choice.ts'
import { conversation } from '../state/session.ts'
import { AnswerView } from './answer.tsx'
import { QuestionView } from './question.tsx'

// Within this distance the reader counts as at the end.
const NEAR_END_PIXELS = 48

export function Thread() {
  const { turns } = conversation.value
  const state = loadState.value
  const box = useRef<HTMLElement>(null)
  const following = useRef(true)
  const lastId = turns.at(-1)?.id
  // A new question always scrolls into view.
  useLayoutEffect(() => {
    following.current = true
  }, [lastId])
  useLayoutEffect(() => {
    if (box.current && following.current) box.current.scrollTop = box.current.scrollHeight
  })
  const watch = () => {
    const { scrollTop = 0, scrollHeight = 0, clientHeight = 0 } = box.current ?? {}
    following.current = scrollHeight - scrollTop - clientHeight < NEAR_END_PIXELS
  }
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: scrolling needs focus
    <section class="thread" ref={box} onScroll={watch} tabIndex={0} aria-label="Conversation">
      <ol class="turns">
        {turns.map(({ id, question, answer }) => (
          <li key={id}>
            <QuestionView id={id} text={question} last={id === lastId} />
            <AnswerView answer={answer} last={id === lastId} />
          </li>
        ))}
      </ol>
      {(state.phase === 'loading' || state.phase === 'starting') && <LoadProgressView />}
      {state.phase === 'failed' && <LoadFailure failure={state.failure} entry={state.choice} />}
    </section>
  )
}
