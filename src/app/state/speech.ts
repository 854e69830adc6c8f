// Splits a growing answer into whole sentences for screen readers, so that they are not interrupted at every
// word.

export interface SpokenAnswer {
  readonly turn: string
  /** The sentences spoken so far, in order; they never change. */
  readonly sentences: readonly string[]
  /** How much of the answer has been spoken, in characters. */
  readonly until: number
}

export const NOTHING_SPOKEN: SpokenAnswer = { turn: '', sentences: [], until: 0 }

/**
 * What is spoken of the answer to `turn`, given what was spoken before. `complete`: the text will not grow.
 */
export function nextSpoken(
  before: SpokenAnswer,
  turn: string,
  text: string,
  complete: boolean,
): SpokenAnswer {
  // A shorter text is a new answer to the same question.
  const said = before.turn === turn && text.length >= before.until ? before : { ...NOTHING_SPOKEN, turn }
  const until = complete ? text.length : lastSentenceEnd(text, said.until)
  if (until <= said.until) return said
  return { turn, until, sentences: [...said.sentences, text.slice(said.until, until).trim()] }
}

/** The position after the last complete sentence or line at or after `from`. */
function lastSentenceEnd(text: string, from: number): number {
  const last = [...text.slice(from).matchAll(/[.!?…:]["”’)]*\s|[。！？]|\n+/g)].at(-1)
  return last ? from + last.index + last[0].length : from
}
