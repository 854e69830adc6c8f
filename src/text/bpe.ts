// Byte-pair encoding: merges neighbouring bytes of a piece of text into tokens, in the order of their ranks.
// A heap of candidate pairs keeps this at O(n log n): one piece can be as long as the whole text.

import { BYTE_ALPHABET, tokenOfText } from './byte-level.ts'

/** A piece while it is being merged. Where a token starts, `ids` and `ends` hold its id and its end. */
export interface BpePiece {
  readonly text: string // in the byte alphabet: one character a byte
  readonly ids: Int32Array
  readonly ends: Int32Array
}

/** The merges of a vocabulary; -1 stands for none. */
export interface BpeMerges {
  /** The id of text[from, to), which is in the byte alphabet. */
  idOf(text: string, from: number, to: number): number
  /** Rank at which the token that starts at `at` merges with the next, the lowest first. */
  rankOf(piece: BpePiece, at: number): number
  /** The id of the token that the merge of this rank makes. */
  idOfRank(rank: number): number
  /** A piece that is a token stays whole, whatever its merges say (`ignore_merges` of tokenizer.json). */
  readonly ignoreMerges: boolean
}

const MAX_CACHED_PIECES = 20_000
const MAX_CACHED_LENGTH = 64 // longer pieces rarely come again

/** Encodes a piece of plain text to ids. */
export type BpeEncoder = (piece: string) => readonly number[]

/** Makes an encoder. Bytes without a token are left out, as in the original tokenizers. */
export function openBpe(merges: BpeMerges): BpeEncoder {
  const missing = new Set(BYTE_ALPHABET.filter((character) => merges.idOf(character, 0, 1) < 0))
  const cache = new Map<string, readonly number[]>()
  return (piece) => {
    const known = cache.get(piece)
    if (known !== undefined) return known
    const text = tokenOfText(piece)
    const ids = merge(
      missing.size === 0 ? text : [...text].filter((character) => !missing.has(character)).join(''),
      merges,
    )
    if (piece.length > MAX_CACHED_LENGTH) return ids
    if (cache.size >= MAX_CACHED_PIECES) cache.clear()
    cache.set(piece, ids)
    return ids
  }
}

function merge(text: string, merges: BpeMerges): number[] {
  if (merges.ignoreMerges || text.length === 1) {
    const whole = merges.idOf(text, 0, text.length)
    if (whole >= 0) return [whole]
  }
  const { ids, ends } = mergePiece(text, merges)
  const merged: number[] = []
  for (let at = 0; at < text.length; at = ends[at] ?? text.length) merged.push(ids[at] ?? -1)
  return merged
}

function mergePiece(text: string, merges: BpeMerges): BpePiece {
  const count = text.length
  const ids = Int32Array.from({ length: count }, (_, at) => merges.idOf(text, at, at + 1))
  const ends = Int32Array.from({ length: count }, (_, at) => at + 1)
  const piece = { text, ids, ends }
  const previousStarts = Int32Array.from({ length: count }, (_, at) => at - 1)
  // Rank at which the token that starts here merges with the next; -1 = never.
  const ranks = new Int32Array(count).fill(-1)
  // Heap of rank * count + position: the lowest rank first, of equal ranks the leftmost.
  const queue: number[] = []

  const enqueue = (from: number) => {
    const rank = (ends[from] ?? count) < count ? merges.rankOf(piece, from) : -1
    ranks[from] = rank
    if (rank >= 0) push(queue, rank * count + from)
  }
  for (let at = 0; at + 1 < count; at++) enqueue(at)
  while (queue.length > 0) {
    const first = pop(queue)
    const from = first % count
    const rank = (first - from) / count
    // The entry is stale if either token of its pair has since merged with another.
    if (ranks[from] !== rank) continue
    const middle = ends[from] ?? count
    const end = ends[middle] ?? count
    ends[from] = end
    ids[from] = merges.idOfRank(rank)
    ranks[middle] = -1
    if (end < count) previousStarts[end] = from
    enqueue(from)
    const previous = previousStarts[from] ?? -1
    if (previous >= 0) enqueue(previous)
  }
  return piece
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
