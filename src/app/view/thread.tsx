// The shown path of the conversation, scrolled to its end while the reader stays there.
import { useLayoutEffect, useRef } from 'preact/hooks'
import { answersTogether } from '../conversations/tree.ts'
import { LoadFailure } from '../shared/models/load-failure.tsx'
import { LoadProgressView } from '../shared/models/load-progress.tsx'
import { loadState } from '../shared/models/model-choice.ts'
import { conversation } from '../state/conversations.ts'
import { path } from '../state/session.ts'
import { strings } from '../strings/strings.ts'
import { AnswerView } from './answer.tsx'
import { AnswersView } from './answers.tsx'
import { InsideDialog } from './inside-dialog.tsx'
import { QuestionView } from './question.tsx'

// Within this distance the reader counts as at the end.
const NEAR_END_PIXELS = 48

export function Thread() {
  const steps = path.value
  const state = loadState.value
  const box = useRef<HTMLElement>(null)
  const following = useRef(true)
  const lastId = steps.at(-1)?.message.id
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
    <>
      <section
        class="thread"
        ref={box}
        onScroll={watch}
        // biome-ignore lint/a11y/noNoninteractiveTabindex: scrolling needs focus
        tabIndex={0}
        aria-label={strings.value.chat.conversation}
      >
        <ol class="turns">
          {steps.map(({ message, versions }) => (
            <li key={message.id} class={message.role}>
              {message.role === 'user' ? (
                <QuestionView question={message} versions={versions} />
              ) : message.group !== undefined && message.id === lastId ? (
                <AnswersView answers={answersTogether(conversation.value, message.id)} />
              ) : (
                <AnswerView answer={message} versions={versions} last={message.id === lastId} />
              )}
            </li>
          ))}
        </ol>
        {(state.phase === 'loading' || state.phase === 'starting') && <LoadProgressView />}
        {state.phase === 'failed' && <LoadFailure failure={state.failure} entry={state.choice} />}
      </section>
      <InsideDialog />
    </>
  )
}
