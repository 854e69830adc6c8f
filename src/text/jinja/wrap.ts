// Wraps texts at words, as Python's textwrap does.
import type { Budget } from './budget.ts'
import { textArgument } from './call.ts'
import { splitLines, strip } from './strip.ts'
import { isTrue, type Value } from './values.ts'

const CHUNK = /[\t\n\v\f\r ]+|[^\t\n\v\f\r ]+/g
/** Behind a hyphen between letters. */
const HYPHEN = /(?<=[\p{L}_]{2}-)(?=[\p{L}_]-?[\p{L}_])/u

/** @param options break_long_words, wrapstring and break_on_hyphens, as far as given */
export function wrapWords(
  budget: Budget,
  text: string,
  width: number,
  [breakLong = true, wrapString, onHyphens = true]: readonly (Value | undefined)[],
): string {
  budget.text(4 * text.length)
  if (width <= 0) throw new Error(`invalid width ${width} (must be > 0)`)
  const by = wrapString === undefined || wrapString === null ? '\n' : textArgument(wrapString)
  const lines = splitLines(text, false).map((line) => {
    const words = line.match(CHUNK) ?? []
    const chunks = isTrue(onHyphens) ? words.flatMap((word) => word.split(HYPHEN)) : words
    return wrapLine(chunks, width, isTrue(breakLong)).join(by)
  })
  budget.text(text.length + text.length * by.length)
  return lines.join(by)
}

function wrapLine(words: readonly string[], width: number, breakLong: boolean): string[] {
  const chunks = [...words].reverse()
  const lines: string[] = []
  while (chunks.length > 0) {
    const line: string[] = []
    let size = 0
    if (lines.length > 0 && strip(chunks.at(-1) ?? '', null, 'both') === '') chunks.pop()
    for (
      let chunk = chunks.at(-1);
      chunk !== undefined && size + chunk.length <= width;
      chunk = chunks.at(-1)
    ) {
      line.push(chunk)
      size += chunk.length
      chunks.pop()
    }
    const long = chunks.at(-1)
    if (long !== undefined && long.length > width) {
      const room = breakLong ? width - size : line.length === 0 ? long.length : 0
      if (room > 0) {
        chunks.pop()
        line.push(long.slice(0, room))
        if (room < long.length) chunks.push(long.slice(room))
      }
    }
    if (strip(line.at(-1) ?? 'x', null, 'both') === '') line.pop()
    if (line.length > 0) lines.push(line.join(''))
  }
  return lines
}
