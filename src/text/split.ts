// Pre-tokenization: splits a text by regular expressions before its merges, within a time limit.
// A match cannot be interrupted, so long texts are matched position by position, checking the clock.

/** What happens to the parts that match, in the terms of tokenizer.json. */
export type SplitBehavior = 'isolated' | 'removed' | 'contiguous' | 'mergedwithprevious' | 'mergedwithnext'

/** One step of a pre-tokenizer: splits at the matches of `pattern`, or between them when inverted. */
export interface SplitStep {
  readonly pattern: RegExp // with the flags g and u or v
  readonly behavior: SplitBehavior
  readonly invert: boolean
}

const MAX_UNINTERRUPTED = 4096 // characters; even a match of quadratic time takes only some ten milliseconds
const MIN_TIMED = 64 // characters; shorter texts cost less than reading the clock
const FIXED_MS = 2000
const MS_PER_CHARACTER = 0.005 // a slow and busy machine takes a tenth of that

/** Whether a part is appended to the piece of the part before it; the flags tell which of them matched. */
const JOINS: Readonly<Record<SplitBehavior, (matched: boolean, before: boolean) => boolean>> = {
  isolated: () => false,
  removed: () => false,
  contiguous: (matched, before) => matched === before,
  mergedwithprevious: (matched, before) => matched && !before,
  mergedwithnext: (matched, before) => !matched && before,
}

/**
 * Makes a function that splits a text by these steps, each applied to the pieces of the step before. The
 * joined pieces are the text without what is `removed`. It throws an Error when the patterns take
 * unreasonably long on a text.
 */
export function openPreTokenizer(steps: readonly SplitStep[]): (text: string) => readonly string[] {
  const splitters = steps.map(openSplitStep)
  return (text) => {
    const check = startTimer(text.length)
    let pieces: readonly string[] = text === '' ? [] : [text]
    for (const split of splitters) {
      const next: string[] = []
      for (const piece of pieces) split(piece, next, check)
      pieces = next
    }
    return pieces
  }
}

/** Makes a check that throws once more time has passed than a text of this length can need. */
function startTimer(characters: number): () => void {
  const end = performance.now() + FIXED_MS + MS_PER_CHARACTER * characters
  return () => {
    if (performance.now() > end) throw new Error('its patterns take too long on this text')
  }
}

type PieceSplitter = (text: string, pieces: string[], check: () => void) => void

function openSplitStep({ pattern, behavior, invert }: SplitStep): PieceSplitter {
  const sticky = new RegExp(pattern.source, pattern.flags.replace('g', 'y'))
  const join = JOINS[behavior]
  return (text, pieces, check) => {
    let begin = 0
    let before: boolean | undefined // whether the part before matched; undefined at the start
    let last = 0
    const flush = (to: number) => {
      if (to > begin && !(before === true && behavior === 'removed')) pieces.push(text.slice(begin, to))
      begin = to
    }
    const part = (matched: boolean, from: number, to: number) => {
      if (before !== undefined && !join(matched, before)) flush(from)
      before = matched
      last = to
    }
    eachMatch(text.length > MAX_UNINTERRUPTED ? sticky : pattern, text, check, (from, to) => {
      if (from > last) part(invert, last, from)
      part(!invert, from, to)
    })
    if (last < text.length) part(invert, last, text.length)
    flush(text.length)
    if (text.length > MIN_TIMED) check()
  }
}

/** Calls `found` with start and end of each match, in order. After an empty match it skips a character. */
function eachMatch(
  pattern: RegExp,
  text: string,
  check: () => void,
  found: (from: number, to: number) => void,
): void {
  const after = (at: number) => at + ((text.codePointAt(at) ?? 0) > 0xffff ? 2 : 1)
  let tries = 0
  for (let at = 0; at <= text.length; ) {
    pattern.lastIndex = at
    const match = pattern.exec(text)
    if (match === null && !pattern.sticky) return
    if (match === null) at = after(at)
    else {
      const to = match.index + match[0].length
      found(match.index, to)
      at = to > match.index ? to : after(to)
    }
    if ((++tries & 0xff) === 0) check()
  }
}
