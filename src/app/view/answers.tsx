// Several answers to the same question beside each other, one of which the conversation goes on with.
import { isUnfinished } from '../conversations/tree.ts'
import type { Answer } from '../conversations/types.ts'
import { generating, keepAnswer } from '../state/session.ts'
import { strings } from '../strings/strings.ts'
import { AnswerView } from './answer.tsx'
import { VoteSummary } from './vote-summary.tsx'

const NO_VERSIONS: readonly string[] = []

export function AnswersView({ answers }: { answers: readonly Answer[] }) {
  const text = strings.value.chat
  return (
    <>
      <ul class="together" aria-label={text.answersTogether}>
        {answers.map((answer, index) => (
          <li key={answer.id} aria-label={text.answerOf(index + 1, answers.length)}>
            <AnswerView answer={answer} versions={NO_VERSIONS} last={false} />
            <button
              class="quiet"
              type="button"
              disabled={generating.value}
              onClick={() => keepAnswer(answer.id)}
            >
              {text.keepAnswer}
            </button>
          </li>
        ))}
      </ul>
      {!answers.some(isUnfinished) && <VoteSummary answers={answers} />}
    </>
  )
}
