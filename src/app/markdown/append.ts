// Appends text to a last block that grows long (code, table, list) without parsing the block from its start.
import type { Token, Tokens } from 'marked'

/** A text whose last block starts at `start` and was parsed up to `shown`, in characters. */
interface GrownBlock {
  readonly text: string
  readonly start: number
  readonly shown: number
}

type Parse = (text: string) => Token[]

// The last rows and items may still change.
const UNSTABLE_PARTS = 2

const FENCE = /^(`{3,}|~{3,})[^\n]*\n/
const ANY_FENCE = /^[ \t>]*(?:(?:[-*+]|\d{1,9}[.)])[ \t]+)*(`{3,}|~{3,})/

/** Whether the text of a code block is complete: its closing fence is there, or it has none. */
export const isClosedCode = ({ raw }: Tokens.Code): boolean => !ANY_FENCE.test(raw) || isClosedFence(raw)

/** Whether a block of code begins and ends with a fence. */
export function isClosedFence(raw: string): boolean {
  const [, fence] = ANY_FENCE.exec(raw) ?? []
  const end = raw.trimEnd()
  const at = end.lastIndexOf('\n')
  return fence !== undefined && at !== -1 && isFenceLine(end.slice(at + 1), fence)
}

/** Whether a line closes what `fence` opened. */
function isFenceLine(line: string, fence: string): boolean {
  const marks = line.trim()
  return marks.length >= fence.length && marks === (fence[0] ?? '').repeat(marks.length)
}

/** Whether a text ends within a fenced code block, at whatever depth. */
export function endsInCode(text: string): boolean {
  let open: string | undefined
  if (!text.includes('```') && !text.includes('~~~')) return false
  for (const line of text.split('\n')) {
    const [, fence] = ANY_FENCE.exec(line) ?? []
    if (open === undefined) open = fence
    else if (isFenceLine(line.replace(/^[ \t>]+/, ''), open)) open = undefined
  }
  return open !== undefined
}

/** The longer block of code; undefined if its closing fence may be among the new lines. */
export function appendToCode(code: Tokens.Code, { text, start, shown }: GrownBlock): Tokens.Code | undefined {
  const [head, fence] = FENCE.exec(code.raw) ?? []
  // Marked writes an empty text in several ways.
  if (!head || !fence || code.text.trim() === '') return
  const line = text.lastIndexOf('\n', shown - 1) + 1
  // The line of the opening fence, or a fence that has closed the block before.
  if (line < start + head.length || isClosedCode(code)) return
  const added = text.slice(line).split('\n')
  if (added.some((line) => /^ {0,3}[`~]/.test(line) && isFenceLine(line, fence))) return
  const content = text.slice(start + head.length)
  const body = content.endsWith('\n') ? content.slice(0, -1) : content
  return { ...code, raw: text.slice(start), text: body.endsWith('\n') ? `${body}\n` : body }
}

/** The longer table and what follows it; only its last rows are parsed. */
export function appendToTable(
  table: Tokens.Table,
  { text, start, shown }: GrownBlock,
  parse: Parse,
): Token[] | undefined {
  if (table.rows.length <= UNSTABLE_PARTS) return
  const rows = table.rows.slice(0, -UNSTABLE_PARTS)
  const headEnd = text.indexOf('\n', text.indexOf('\n', start) + 1) + 1
  let from = text[shown - 1] === '\n' ? shown - 1 : shown
  for (let row = 0; row < UNSTABLE_PARTS; row++) from = text.lastIndexOf('\n', from - 1)
  const head = text.slice(start, headEnd)
  const [first, ...rest] = parse(head + text.slice(from + 1))
  if (first?.type !== 'table') return
  const raw = text.slice(start, from + 1) + first.raw.slice(head.length)
  const end = first as Tokens.Table
  return [{ ...table, raw, rows: [...rows, ...end.rows] }, ...rest]
}

/** The longer list and what follows it; only its last items are parsed, after a stand-in for the others. */
export function appendToList(
  list: Tokens.List,
  { text, start }: GrownBlock,
  parse: Parse,
): Token[] | undefined {
  const items = list.items.slice(0, -UNSTABLE_PARTS)
  const marker = /^ {0,3}(?:[*+-]|\d{1,9}[.)])[ \t]+(?=\S)/.exec(items.at(-1)?.raw ?? '')?.[0]
  // Later lines can make a list tight again, unless blank lines lie between the items that stay.
  if (!marker || (list.loose && !items.slice(0, -1).some(({ raw }) => /\n[ \t]*\n[ \t]*$/.test(raw)))) return
  const before = items.reduce((length, { raw }) => length + raw.length, 0)
  const standIn = `${marker}x\n${list.loose ? '\n' : ''}`
  const [first, ...rest] = parse(standIn + text.slice(start + before))
  const end = first as Tokens.List | undefined
  if (end?.type !== 'list' || end.items.length < 2 || end.loose !== list.loose) return
  const raw = text.slice(start, start + before) + end.raw.slice(standIn.length)
  return [{ ...list, raw, items: [...items, ...end.items.slice(1)] }, ...rest]
}
