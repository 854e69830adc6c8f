// One answer: thinking part, text, error, and a footer with figures and actions.
import { memo } from 'preact/compat'
import { Markdown } from '../markdown/markdown.tsx'
import { CopyButton } from '../shared/copy-button.tsx'
import { ErrorCard } from '../shared/error-card.tsx'
import type { Failure } from '../shared/failure.ts'
import { formatCount, formatRate } from '../shared/format.ts'
import { RetryIcon } from '../shared/icons.tsx'
import { loadState } from '../shared/models/model-choice.ts'
import { type ChatAnswer, isUnfinished } from '../state/conversation.ts'
import { newChat, regenerate } from '../state/session.ts'
import { Thinking } from './thinking.tsx'

/** Memoized: the answer object only changes when the answer does, so finished answers are not redrawn. */
export const AnswerView = memo(({ answer, last }: { answer: ChatAnswer; last: boolean }) => {
  const { status, thinking, text, failure } = answer
  const running = isUnfinished(answer)
  return (
    <div class={`answer ${status}`} aria-busy={running}>
      <span class="unseen">Answer: </span>
      {thinking !== '' && <Thinking answer={answer} />}
      {status === 'waiting' && (
        <p class="waiting" role="img" aria-label="Reading the question">
          <i />
          <i />
          <i />
        </p>
      )}
      <Markdown text={text} />
      {status === 'failed' && failure && <AnswerFailure failure={failure} last={last} />}
      {!running && status !== 'failed' && <AnswerFooter answer={answer} last={last} />}
    </div>
  )
})

function AnswerFailure({ failure, last }: { failure: Failure; last: boolean }) {
  return (
    <ErrorCard title="The answer failed" failure={failure}>
      {last && (
        <button
          class="primary"
          type="button"
          disabled={loadState.value.phase !== 'ready'}
          onClick={() => void regenerate()}
        >
          Try again
        </button>
      )}
      {failure.code === 'context_full' && (
        <button class="quiet" type="button" onClick={newChat}>
          New chat
        </button>
      )}
    </ErrorCard>
  )
}

function AnswerFooter({ answer, last }: { answer: ChatAnswer; last: boolean }) {
  const { status, tokens, tokensPerSecond, cachedTokens, cut, text } = answer
  const facts = [
    status === 'stopped' && 'stopped',
    cut && 'cut off at the length limit',
    tokens > 0 && `${formatCount(tokens)} tokens`,
    tokensPerSecond > 0 && formatRate(tokensPerSecond),
    cachedTokens > 0 && `${formatCount(cachedTokens)} tokens reused`,
  ]
  return (
    <div class="footer">
      <span class="facts">{facts.filter(Boolean).join(' · ')}</span>
      {text !== '' && <CopyButton text={text} label="Copy answer" />}
      {last && (
        <button
          class="small"
          type="button"
          aria-label="Regenerate answer"
          title="Regenerate answer"
          disabled={loadState.value.phase !== 'ready'}
          onClick={() => void regenerate()}
        >
          <RetryIcon />
        </button>
      )}
    </div>
  )
}
