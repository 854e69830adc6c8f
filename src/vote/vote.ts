// Counts on which final answer several answers to a question agree ("self-consistency", Wang et al. 2022).
import type { ChatCompletion } from '../api/types/chat.ts'
import { HadalError } from '../lib/error.ts'
import { certaintyOf, meanOf } from './certainty.ts'
import { FINAL_ANSWER_KINDS, type FinalAnswerKind, finalAnswer } from './final-answer.ts'

export interface VoteOptions {
  /**
   * Where the final answer of a text is: its last `\boxed{…}`, its JSON, the letter of a choice, its last
   * number, or the whole text. A function of its own returns the answer, or undefined where there is none.
   * `auto` is the first of these that more than half of the texts have.
   */
  readonly extract?: 'auto' | FinalAnswerKind | ((text: string) => string | undefined)
}

/** An answer that some choices agree on. */
export interface VoteCount {
  /** In a form in which equal answers are equal: `1,000.0` is `1000`. */
  readonly answer: string
  readonly votes: number
  /** The `index` of each choice that has it. */
  readonly choices: readonly number[]
  /**
   * The mean certainty of those choices (see `certaintyOf`); undefined if they have no log-probabilities.
   */
  readonly certainty: number | undefined
}

export interface Vote<Choice> {
  /** The first choice with the winning answer, or the most certain one of several; undefined without any. */
  readonly winner: Choice | undefined
  readonly answer: string | undefined
  /** Most votes first; of equal ones the most certain, then the first. */
  readonly counts: readonly VoteCount[]
  /** Choices without a final answer. */
  readonly without: readonly number[]
  /** How final answers were found; `custom` by a function. */
  readonly extract: FinalAnswerKind | 'custom'
}

/** What a vote reads of a choice. */
export interface VotedChoice {
  readonly index: number
  readonly message: { readonly content: string | null }
  readonly logprobs?: ChatCompletion['choices'][number]['logprobs']
}

/**
 * The final answer that most choices of a request with `n` agree on. Ties go to the answer that the model was
 * most certain of, which needs `logprobs: true`; then to the first.
 *
 * Throws `bad_request` for an unknown `extract`.
 */
export function vote<Choice extends VotedChoice>(
  choices: readonly Choice[],
  { extract = 'auto' }: VoteOptions = {},
): Vote<Choice> {
  const texts = choices.map(({ message }) => message.content ?? '')
  const { kind, read } = readerOf(extract, texts)
  const answers = texts.map(read)
  const groups = new Map<string, Choice[]>()
  choices.forEach((choice, at) => {
    const answer = answers[at]
    if (answer !== undefined) groups.set(answer, [...(groups.get(answer) ?? []), choice])
  })
  const counts = [...groups].map(countOf).sort((a, b) => b.votes - a.votes || byCertainty(a, b))
  const answer = counts[0]?.answer
  const winners = answer === undefined ? [] : (groups.get(answer) ?? [])
  return {
    winner: winners.toSorted((a, b) => byCertainty(certain(a), certain(b)))[0],
    answer,
    counts,
    without: choices.filter((_, at) => answers[at] === undefined).map(({ index }) => index),
    extract: kind,
  }
}

function countOf<Choice extends VotedChoice>([answer, group]: readonly [
  string,
  readonly Choice[],
]): VoteCount {
  return {
    answer,
    votes: group.length,
    choices: group.map(({ index }) => index),
    certainty: meanOf(group.flatMap((choice) => certain(choice).certainty ?? [])),
  }
}

type Certain = Pick<VoteCount, 'certainty'>

const certain = ({ logprobs }: VotedChoice): Certain => ({ certainty: certaintyOf(logprobs) })

const byCertainty = (a: Certain, b: Certain): number => (b.certainty ?? -1e9) - (a.certainty ?? -1e9)

function readerOf(extract: NonNullable<VoteOptions['extract']>, texts: readonly string[]) {
  if (typeof extract === 'function') return { kind: 'custom' as const, read: extract }
  const reads = (kind: FinalAnswerKind) => (text: string) => finalAnswer(text, kind)
  const isUsual = (kind: FinalAnswerKind) =>
    2 * texts.filter((text) => reads(kind)(text) !== undefined).length > texts.length
  const kind = extract === 'auto' ? (FINAL_ANSWER_KINDS.find(isUsual) ?? 'text') : extract
  if (!FINAL_ANSWER_KINDS.includes(kind))
    throw new HadalError('bad_request', `extract is ${JSON.stringify(extract)}.`, {
      hint: `Give auto, ${FINAL_ANSWER_KINDS.join(', ')}, or a function.`,
    })
  return { kind, read: reads(kind) }
}
