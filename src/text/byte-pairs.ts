// Answers: which tokens does a piece of text become when neighbours are merged in the order of their ranks? In n log n, because
// one word can be as long as the text. It must not know files, patterns or control tokens.

import { BYTE_ALPHABET, tokenOfText } from './bytes.ts'

/** What a vocabulary says about merging. Its texts are in the byte alphabet: one character a byte. */
export interface PairTable {
  readonly ids: ReadonlyMap<string, number>
  /** How early the two neighbours text[from, middle) and text[middle, to) merge, lowest first; undefined = never. */
  rank(text: string, from: number, middle: number, to: number): number | undefined
  /** A piece that is a token stays whole, whatever its merges say. */
  readonly wholeFirst: boolean
}

const CACHED_PIECES = 20_000
const CACHED_LENGTH = 64 // longer pieces hardly come twice

/** The ids of a piece of plain text. */
export type EncodePiece = (piece: string) => readonly number[]

/** Opens a table for encoding. Bytes without a token are left out, as the original tokenizers do. */
export function openPairs(table: PairTable): EncodePiece {
  const missing = new Set(BYTE_ALPHABET.filter((character) => !table.ids.has(character)))
  const cache = new Map<string, readonly number[]>()
  return (piece) => {
    const known = cache.get(piece)
    if (known !== undefined) return known
    const text = tokenOfText(piece)
    const ids = merge(
      missing.size === 0 ? text : [...text].filter((character) => !missing.has(character)).join(''),
      table,
    )
    if (piece.length > CACHED_LENGTH) return ids
    if (cache.size >= CACHED_PIECES) cache.clear()
    cache.set(piece, ids)
    return ids
  }
}

function merge(text: string, { ids, rank, wholeFirst }: PairTable): number[] {
  const whole = wholeFirst || text.length === 1 ? ids.get(text) : undefined
  if (whole !== undefined) return [whole]
  const ends = mergedEnds(text, rank)
  const merged: number[] = []
  for (let start = 0; start < text.length; ) {
    const end = ends[start] ?? text.length
    const id = ids.get(text.slice(start, end))
    if (id !== undefined) merged.push(id)
    start = end
  }
  return merged
}

/** Where the token that starts at each position ends, once nothing is left to merge; meaningless inside tokens. */
function mergedEnds(text: string, rank: PairTable['rank']): Int32Array {
  const count = text.length
  const ends = Int32Array.from({ length: count }, (_, at) => at + 1)
  const before = Int32Array.from({ length: count }, (_, at) => at - 1) // where the token before starts
  const ranks = new Int32Array(count).fill(-1) // of the token that starts here with the next; -1 = no merge
  const queue: number[] = [] // rank * count + position: the lowest rank first, of equal ones the leftmost

  const look = (from: number) => {
    const middle = ends[from] ?? count
    const found = middle < count ? rank(text, from, middle, ends[middle] ?? count) : undefined
    ranks[from] = found ?? -1
    if (found !== undefined) push(queue, found * count + from)
  }
  for (let at = 0; at + 1 < count; at++) look(at)
  while (queue.length > 0) {
    const first = pop(queue)
    const from = first % count
    // An entry outlives the pair that it was made for; what lies there now has its own.
    if (ranks[from] !== (first - from) / count) continue
    const middle = ends[from] ?? count
    const end = ends[middle] ?? count
    ends[from] = end
    ranks[middle] = -1
    if (end < count) before[end] = from
    look(from)
    const previous = before[from] ?? -1
    if (previous >= 0) look(previous)
  }
  return ends
}

/** Adds to a binary heap whose least number is first. */
function push(heap: number[], value: number): void {
  let at = heap.length
  heap.push(value)
  while (at > 0) {
    const parent = (at - 1) >> 1
    const above = heap[parent] ?? value
    if (above <= value) break
    heap[at] = above
    at = parent
  }
  heap[at] = value
}

/** Takes the least number from a binary heap that is not empty. */
function pop(heap: number[]): number {
  const least = heap[0] ?? 0
  const value = heap.pop() ?? 0
  const count = heap.length
  if (count === 0) return least
  for (let at = 0; ; ) {
    let child = 2 * at + 1
    if (child + 1 < count && (heap[child + 1] ?? 0) < (heap[child] ?? 0)) child++
    const below = child < count ? (heap[child] ?? value) : value
    if (below >= value) {
      heap[at] = value
      return least
    }
    heap[at] = below
    at = child
  }
}
