// What several complete answers agree on, and where they begin to differ.
import { vote } from '../../index.ts'
import { divergenceOf } from '../conversations/divergence.ts'
import type { Answer } from '../conversations/types.ts'
import { strings } from '../strings/strings.ts'

export function VoteSummary({ answers }: { answers: readonly Answer[] }) {
  const text = strings.value.chat.vote
  const { counts } = vote(answers.map(({ text }, index) => ({ index, message: { content: text } })))
  const [first, second] = counts
  if (!first) return null
  const isTie = first.votes === second?.votes
  return (
    <section class="vote" aria-label={text.title}>
      <p>
        {isTie ? text.tie : text.agree(first.votes, answers.length)}
        {!isTie && <strong dir="auto">{first.answer}</strong>}
      </p>
      <Differences texts={answers.map(({ thinking, text }) => `${thinking}\n${text}`)} />
    </section>
  )
}

function Differences({ texts }: { texts: readonly string[] }) {
  const text = strings.value.chat.vote
  const divergence = divergenceOf(texts)
  if (!divergence) return <p class="note">{text.same}</p>
  return (
    <details>
      <summary>{text.why}</summary>
      <p>
        {divergence.before === '' ? text.fromTheStart : text.after} <bdi>{divergence.before}</bdi>
      </p>
      <ul>
        {divergence.branches.map(({ next, texts }) => (
          <li key={next}>
            <bdi class="next">{next === '' ? text.end : next}</bdi>{' '}
            {text.inAnswers(texts.map((index) => index + 1).join(', '))}
          </li>
        ))}
      </ul>
    </details>
  )
}
