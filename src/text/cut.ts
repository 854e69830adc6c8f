// Answers: where does a regular expression cut a text before its merges? A match cannot be interrupted, so that long texts are
// matched position by position with an eye on the clock. It must not know tokens, ids or files.

/** What becomes of the parts that match, in the words of tokenizer.json. */
export type CutBehavior = 'isolated' | 'removed' | 'contiguous' | 'mergedwithprevious' | 'mergedwithnext'

/** One step of a pre-tokenizer: cuts at the matches of `pattern`, or between them when inverted. */
export interface CutStep {
  readonly pattern: RegExp // with the flags g and u or v
  readonly behavior: CutBehavior
  readonly invert: boolean
}

const QUICK_LENGTH = 4096 // characters that even a match of quadratic time passes in some ten milliseconds
const CHECKED_LENGTH = 64 // shorter ones cost less than asking for the time
const FIXED_MS = 2000
const MS_PER_CHARACTER = 0.005 // even a slow and busy machine takes a tenth of that

/** Whether a matched part (or not) continues the piece of the part before it. */
const joins: Readonly<Record<CutBehavior, (matched: boolean, before: boolean) => boolean>> = {
  isolated: () => false,
  removed: () => false,
  contiguous: (matched, before) => matched === before,
  mergedwithprevious: (matched, before) => matched && !before,
  mergedwithnext: (matched, before) => !matched && before,
}

/**
 * Opens the steps: each cuts the pieces of the step before. The pieces joined are the text, less what is `removed`.
 * The function throws an Error when the patterns take unreasonably long on a text.
 */
export function openCuts(steps: readonly CutStep[]): (text: string) => readonly string[] {
  const cuts = steps.map(openStep)
  return (text) => {
    const check = openClock(text.length)
    let pieces: readonly string[] = text === '' ? [] : [text]
    for (const cut of cuts) {
      const next: string[] = []
      for (const piece of pieces) cut(piece, next, check)
      pieces = next
    }
    return pieces
  }
}

/** Fails once more time has passed than a text of this length can need. */
function openClock(characters: number): () => void {
  const end = performance.now() + FIXED_MS + MS_PER_CHARACTER * characters
  return () => {
    if (performance.now() > end) throw new Error('its patterns take too long on this text')
  }
}

type Cutter = (text: string, pieces: string[], check: () => void) => void

function openStep({ pattern, behavior, invert }: CutStep): Cutter {
  const sticky = new RegExp(pattern.source, pattern.flags.replace('g', 'y'))
  const join = joins[behavior]
  return (text, pieces, check) => {
    let begin = 0
    let before: boolean | undefined // of the part before; undefined at the start
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
    eachMatch(text.length > QUICK_LENGTH ? sticky : pattern, text, check, (from, to) => {
      if (from > last) part(invert, last, from)
      part(!invert, from, to)
    })
    if (last < text.length) part(invert, last, text.length)
    flush(text.length)
    if (text.length > CHECKED_LENGTH) check()
  }
}

/** Calls `found` with the two ends of each match, in order; an empty one moves the search on by a character. */
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
