// Numbers the footnotes of a text in the order in which it refers to them.
import type { Token, Tokens } from 'marked'
import type { NoteDefinition, NoteReference } from './grammar.ts'

export interface Footnote {
  readonly label: string
  readonly number: number
  /** The place that the note links back to; undefined if nothing refers to it. */
  readonly first: Token | undefined
  /** The note; undefined while it is not written yet. */
  readonly note: NoteDefinition | undefined
}

/** Footnotes by label. */
export type Footnotes = ReadonlyMap<string, Footnote>
export const NO_FOOTNOTES: Footnotes = new Map()

const found = new WeakMap<Token, readonly Token[]>()

/** References and notes within a block, in order. */
function notesWithin(block: Token): readonly Token[] {
  const known = found.get(block)
  if (known) return known
  const within: Token[] = []
  const visit = (token: Token) => {
    if (token.type === 'noteReference' || token.type === 'note') within.push(token)
    const { tokens = [], items = [], header = [], rows = [] } = token as Tokens.Generic
    for (const child of tokens) visit(child)
    for (const item of items) visit(item)
    for (const cell of [...header, ...rows.flat()]) for (const child of cell.tokens) visit(child)
  }
  visit(block)
  found.set(block, within)
  return within
}

/** The footnotes of the blocks of a text; the same object as before if nothing has changed. */
export function collectFootnotes(blocks: readonly Token[], before: Footnotes): Footnotes {
  const within = blocks.flatMap(notesWithin)
  if (within.length === 0) return before.size === 0 ? before : NO_FOOTNOTES
  const notes = new Map<string, NoteDefinition>()
  const first = new Map<string, Token | undefined>()
  for (const token of within) {
    if (isNote(token) && !notes.has(token.label)) notes.set(token.label, token)
    if (isReference(token) && !first.has(token.label)) first.set(token.label, token)
  }
  for (const label of notes.keys()) if (!first.has(label)) first.set(label, undefined)
  const collected = new Map(
    [...first].map(([label, token], index) => [
      label,
      { label, number: index + 1, first: token, note: notes.get(label) },
    ]),
  )
  return isSame(before, collected) ? before : collected
}

function isSame(before: Footnotes, after: Footnotes): boolean {
  if (before.size !== after.size) return false
  return [...after].every(([label, { number, first, note }]) => {
    const old = before.get(label)
    return old?.number === number && old.first === first && old.note === note
  })
}

const isNote = (token: object): token is NoteDefinition => 'type' in token && token.type === 'note'
const isReference = (token: object): token is NoteReference =>
  'type' in token && token.type === 'noteReference'
