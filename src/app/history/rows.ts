// Rows of the list of conversations: groups by time, or what a search found.
import type { FoundText } from '../conversations/store.ts'
import type { ConversationInfo } from '../conversations/types.ts'

export interface ItemRow {
  readonly kind: 'item'
  readonly info: ConversationInfo
  /** Place among the conversations, from 1. */
  readonly place: number
  /** Words around what a search found in the text. */
  readonly excerpt?: string
}

export type Row = { readonly kind: 'group'; readonly name: string } | ItemRow

export interface GroupNames {
  readonly pinned: string
  readonly today: string
  readonly yesterday: string
  readonly week: string
}

/** The list with the headings of its groups. It is in order: pinned ones first, then the latest. */
export function groupedRows(
  list: readonly ConversationInfo[],
  names: GroupNames,
  language: string,
  now = new Date(),
): Row[] {
  const nameOf = groupNamer(names, language, now)
  const rows: Row[] = []
  let latest: string | undefined
  for (const [index, info] of list.entries()) {
    const name = nameOf(info)
    if (name !== latest) rows.push({ kind: 'group', name })
    latest = name
    rows.push({ kind: 'item', info, place: index + 1 })
  }
  return rows
}

function groupNamer(names: GroupNames, language: string, now: Date): (info: ConversationInfo) => string {
  // Of the calendar, so that days with 23 or 25 hours count as days.
  const daysAgo = (days: number) =>
    new Date(now.getFullYear(), now.getMonth(), now.getDate() - days).getTime()
  const [today, yesterday, week] = [daysAgo(0), daysAgo(1), daysAgo(7)]
  const months = new Intl.DateTimeFormat(language, { month: 'long', year: 'numeric' })
  // Formatting a date takes longer than all else, so each month is formatted once.
  let month = { start: Number.POSITIVE_INFINITY, end: 0, name: '' }
  return ({ pinned, updated }) => {
    if (pinned) return names.pinned
    if (updated >= today) return names.today
    if (updated >= yesterday) return names.yesterday
    if (updated >= week) return names.week
    if (updated < month.start || updated >= month.end) {
      const [year, index] = [new Date(updated).getFullYear(), new Date(updated).getMonth()]
      const [start, end] = [new Date(year, index).getTime(), new Date(year, index + 1).getTime()]
      month = { start, end, name: months.format(updated) }
    }
    return month.name
  }
}

/** What a search found, in the order of the list. */
export function foundRows(list: readonly ConversationInfo[], found: readonly FoundText[]): Row[] {
  const infos = new Map(list.map((info) => [info.id, info]))
  const shown = found.flatMap(({ id, excerpt }) => {
    const info = infos.get(id)
    return info ? [{ info, excerpt }] : []
  })
  return shown.map(({ info, excerpt }, index) => ({ kind: 'item', info, excerpt, place: index + 1 }))
}

/** Where each row begins, and after them where the last one ends, in units of `heights`. */
export function rowOffsets(rows: readonly Row[], heights: Readonly<Record<Row['kind'], number>>): number[] {
  const offsets = [0]
  for (const { kind } of rows) offsets.push((offsets.at(-1) ?? 0) + heights[kind])
  return offsets
}

/** Index of the row at a place: the last one that begins at or before it. */
export function rowAt(offsets: readonly number[], place: number): number {
  let [low, high] = [0, Math.max(0, offsets.length - 2)]
  while (low < high) {
    const middle = Math.ceil((low + high) / 2)
    if ((offsets[middle] ?? 0) <= place) low = middle
    else high = middle - 1
  }
  return low
}

/** A text in parts, every second of which is what was looked for, in any case. */
export function splitAtMatches(text: string, wanted: string): string[] {
  if (wanted === '') return [text]
  const escaped = wanted.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')
  return text.split(new RegExp(`(${escaped})`, 'gi'))
}
