// One answer: thinking part, text, error, and a footer with figures and actions.
import { memo } from 'preact/compat'
import { isUnfinished } from '../conversations/tree.ts'
import type { Answer } from '../conversations/types.ts'
import { Markdown } from '../markdown/markdown.tsx'
import { ErrorCard } from '../shared/error-card.tsx'
import type { Failure } from '../shared/failure.ts'
import { loadState } from '../shared/models/model-choice.ts'
import { newConversation } from '../state/conversations.ts'
import { regenerate } from '../state/session.ts'
import { strings } from '../strings/strings.ts'
import { AnswerFooter } from './answer-footer.tsx'
import { Thinking } from './thinking.tsx'

interface Props {
  readonly answer: Answer
  readonly versions: readonly string[]
  readonly last: boolean
}

/** Memoized: the answer object only changes when the answer does, so finished answers are not redrawn. */
export const AnswerView = memo(
  ({ answer, versions, last }: Props) => {
    const { status, thinking, text, failure } = answer
    const running = isUnfinished(answer)
    return (
      <div id={`answer-${answer.id}`} class={`answer ${status}`} aria-busy={running}>
        <span class="unseen">{strings.value.chat.answerStarts}</span>
        {thinking !== '' && <Thinking answer={answer} />}
        {status === 'waiting' && (
          <p class="waiting" role="img" aria-label={strings.value.chat.reading}>
            <i />
            <i />
            <i />
          </p>
        )}
        <Markdown text={text} complete={!running} />
        {status === 'failed' && failure && <AnswerFailure id={answer.id} failure={failure} last={last} />}
        {!running && <AnswerFooter answer={answer} versions={versions} last={last} />}
      </div>
    )
  },
  (before, after) =>
    before.answer === after.answer &&
    before.last === after.last &&
    before.versions.length === after.versions.length,
)

function AnswerFailure({ id, failure, last }: { id: string; failure: Failure; last: boolean }) {
  return (
    <ErrorCard title={strings.value.chat.answerFailed} failure={failure}>
      {last && (
        <button
          class="primary"
          type="button"
          disabled={loadState.value.phase !== 'ready'}
          onClick={() => void regenerate(id)}
        >
          {strings.value.chat.tryAgain}
        </button>
      )}
      {failure.code === 'context_full' && (
        <button class="quiet" type="button" onClick={newConversation}>
          {strings.value.chat.newChat}
        </button>
      )}
    </ErrorCard>
  )
}
