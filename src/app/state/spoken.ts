// Answers: what of a growing answer is read aloud now? Whole sentences, each once, so that a screen reader is not interrupted at
// every word. It must not know how it is spoken.

export interface Spoken {
  readonly turn: number
  /** What was said, in order; a piece never changes. */
  readonly pieces: readonly string[]
  /** The position in the answer up to which it was said. */
  readonly until: number
}

export const silence: Spoken = { turn: 0, pieces: [], until: 0 }

/** What is said of answer number `turn`, given what was said before. `complete`: the text will not grow. */
export function spokenNext(before: Spoken, turn: number, text: string, complete: boolean): Spoken {
  // A shorter text is a new answer to the same question.
  const said = before.turn === turn && text.length >= before.until ? before : { ...silence, turn }
  const until = complete ? text.length : lastEnd(text, said.until)
  if (until <= said.until) return said
  return { turn, until, pieces: [...said.pieces, text.slice(said.until, until).trim()] }
}

/** The position after the last complete sentence or line at or after `from`. */
function lastEnd(text: string, from: number): number {
  const last = [...text.slice(from).matchAll(/[.!?…:]["”’)]*\s|[。！？]|\n+/g)].at(-1)
  return last ? from + last.index + last[0].length : from
}
