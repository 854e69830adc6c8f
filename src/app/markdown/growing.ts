// Text that is still being written: which lines to wait with, and how to close what is open in the last one.
import { inlineMathAt } from './grammar.ts'

// A line of markers alone can become several things: "-" a list, a line below a heading, a rule.
const MARKERS_ONLY = /^[ \t]*(?:(?:[-+*_=#>~|:`$. \t\\[\]]|\d{1,9}[.)](?=[ \t]|$))*|\d{1,9})$/
// The language of a fence is written letter by letter.
const OPENING_FENCE = /^[ \t]*(?:(?:[-*+]|\d{1,9}[.)])[ \t]+)?(?:`{3,}[^`]*|~{3,}.*)$/

/** How much of a growing text can be shown, in characters, without looking like something else later. */
export function settledLength(text: string): number {
  const start = text.lastIndexOf('\n') + 1
  const line = text.slice(start)
  const end = MARKERS_ONLY.test(line) || OPENING_FENCE.test(line) ? start : text.length
  return end - tableHeadLength(text, end)
}

/** The length of a last line that begins with `|` and is a table's head only if a line of dashes follows. */
function tableHeadLength(text: string, end: number): number {
  const until = text[end - 1] === '\n' ? end - 1 : end
  const start = lineStart(text, until)
  const before = lineStart(text, start - 1)
  const isRow = (from: number) => /^[ \t]*\|/.test(text.slice(from, from + 8))
  return isRow(start) && !(start > 0 && isRow(before)) ? end - start : 0
}

const lineStart = (text: string, end: number) => (end <= 0 ? 0 : text.lastIndexOf('\n', end - 1) + 1)

/** The text with its last line repaired. Not for text that ends within a code block. */
export function repairEnd(text: string): string {
  const start = text.lastIndexOf('\n') + 1
  return text.slice(0, start) + repairLine(text.slice(start))
}

interface Open {
  readonly mark: string
  readonly at: number
  /** Where the first half of its closing mark stands. */
  half?: number
}

/** Closes emphasis and code spans, and leaves out the half of a link's address that is there. */
export function repairLine(line: string): string {
  const open: Open[] = []
  let at = 0
  while (at < line.length) {
    const run = /^(`+|\*{1,3}|_{1,3}|~~?)/.exec(line.slice(at, at + 80))?.[0] ?? ''
    if (line[at] === '\\' || line[at] === '$') at += inlineMathAt(line.slice(at))?.raw.length ?? 2
    else if (run.startsWith('`')) {
      const end = line.indexOf(run, at + run.length)
      if (end === -1) return closed(closeCode(line, at, run), open)
      at = end + run.length
    } else if (line.startsWith('](', at)) {
      const end = line.indexOf(')', at)
      if (end === -1) return closed(withoutAddress(line, at), open)
      at = end
    } else if (run) {
      noteRun(line, { mark: run, at }, open)
      at += run.length
    } else at++
  }
  return closed(line, open)
}

const closeCode = (line: string, at: number, run: string) =>
  /^`*$/.test(line.slice(at + run.length)) ? line.slice(0, at) : line + run

function withoutAddress(line: string, at: number): string {
  const start = line.lastIndexOf('[', at)
  if (start === -1) return line
  const image = line[start - 1] === '!'
  return line.slice(0, image ? start - 1 : start) + line.slice(start + 1, at)
}

/** Opens or closes emphasis, as far as the characters around allow. */
function noteRun(line: string, { mark, at }: Open, open: Open[]): void {
  const [before = ' ', after = ''] = [line[at - 1], line[at + mark.length]]
  const last = open.at(-1)
  if (!/\s/.test(before) && last && mark.startsWith(last.mark)) {
    open.pop()
    // One run may end several: `**a *b***`.
    const rest = mark.slice(last.mark.length)
    if (rest) noteRun(line, { mark: rest, at: at + last.mark.length }, open)
  } else if (mark !== '~' && /[\s\p{P}]/u.test(before) && !/\s/.test(after)) open.push({ mark, at })
  else if (last?.mark.startsWith(mark)) last.half = at
}

function closed(line: string, open: readonly Open[]): string {
  if (open.length === 0) return line
  const text = line.trimEnd()
  const last = open.at(-1)
  // Marks with nothing behind them yet would be shown as they are.
  if (last && last.at + last.mark.length >= text.length)
    return closed(text.slice(0, last.at), open.slice(0, -1))
  const half = last?.half ?? text.length
  const ended = /^[*_~]+$/.test(text.slice(half)) ? text.slice(0, half) : text
  return (
    ended +
    open
      .map(({ mark }) => mark)
      .reverse()
      .join('')
  )
}
