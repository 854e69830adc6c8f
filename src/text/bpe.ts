// Byte-pair encoding: merges neighbouring bytes of a piece of text into tokens, in the order of their ranks.
// A heap of candidate pairs keeps this at O(n log n): one piece can be as long as the whole text.

import { BYTE_ALPHABET, tokenOfText } from './byte-level.ts'

/** The merges of a vocabulary. Texts are in the byte alphabet: one character a byte. */
export interface BpeMerges {
  readonly ids: ReadonlyMap<string, number>
  /** Rank at which text[from, middle) and text[middle, to) merge, the lowest first; undefined = never. */
  rank(text: string, from: number, middle: number, to: number): number | undefined
  /** A piece that is a token stays whole, whatever its merges say (`ignore_merges` of tokenizer.json). */
  readonly ignoreMerges: boolean
}

const MAX_CACHED_PIECES = 20_000
const MAX_CACHED_LENGTH = 64 // longer pieces rarely come again

/** Encodes a piece of plain text to ids. */
export type BpeEncoder = (piece: string) => readonly number[]

/** Makes an encoder. Bytes without a token are left out, as in the original tokenizers. */
export function openBpe(table: BpeMerges): BpeEncoder {
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
    if (piece.length > MAX_CACHED_LENGTH) return ids
    if (cache.size >= MAX_CACHED_PIECES) cache.clear()
    cache.set(piece, ids)
    return ids
  }
}

function merge(text: string, { ids, rank, ignoreMerges }: BpeMerges): number[] {
  const whole = ignoreMerges || text.length === 1 ? ids.get(text) : undefined
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

/** For each position where a token starts, where it ends after all merges; meaningless inside tokens. */
function mergedEnds(text: string, rank: BpeMerges['rank']): Int32Array {
  const count = text.length
  const ends = Int32Array.from({ length: count }, (_, at) => at + 1)
  const previousStarts = Int32Array.from({ length: count }, (_, at) => at - 1)
  // Rank at which the token that starts here merges with the next; -1 = never.
  const ranks = new Int32Array(count).fill(-1)
  // Heap of rank * count + position: the lowest rank first, of equal ranks the leftmost.
  const queue: number[] = []

  const enqueue = (from: number) => {
    const middle = ends[from] ?? count
    const found = middle < count ? rank(text, from, middle, ends[middle] ?? count) : undefined
    ranks[from] = found ?? -1
    if (found !== undefined) push(queue, found * count + from)
  }
  for (let at = 0; at + 1 < count; at++) enqueue(at)
  while (queue.length > 0) {
    const first = pop(queue)
    const from = first % count
    // The entry is stale if either token of its pair has since merged with another.
    if (ranks[from] !== (first - from) / count) continue
    const middle = ends[from] ?? count
    const end = ends[middle] ?? count
    ends[from] = end
    ranks[middle] = -1
    if (end < count) previousStarts[end] = from
    enqueue(from)
    const previous = previousStarts[from] ?? -1
    if (previous >= 0) enqueue(previous)
  }
  return ends
}

/** Adds to a binary heap whose smallest number is first. */
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

/** Takes the smallest number from a binary heap that is not empty. */
function pop(heap: number[]): number {
  const smallest = heap[0] ?? 0
  const value = heap.pop() ?? 0
  const count = heap.length
  if (count === 0) return smallest
  for (let at = 0; ; ) {
    let child = 2 * at + 1
    if (child + 1 < count && (heap[child + 1] ?? 0) < (heap[child] ?? 0)) child++
    const below = child < count ? (heap[child] ?? value) : value
    if (below >= value) {
      heap[at] = value
      return smallest
    }
    heap[at] = below
    at = child
  }
}
