// Answers: which byte ranges of which files must be read to get these tensors? A pure decision.
// It must not know how ranges are read.
import { assert } from '../lib/error.ts'
import type { TensorEntry } from './safetensors.ts'

/** A part of a tensor inside a range: bytes `from` to `to` of the range, `offset` bytes into the tensor. */
export interface Piece {
  readonly entry: TensorEntry
  readonly from: number
  readonly to: number
  readonly offset: number
}

/** One read: bytes `start` to `end` of `file`. */
export interface Range {
  readonly file: string
  readonly start: number
  readonly end: number
  readonly pieces: readonly Piece[]
}

/** A smaller gap between wanted tensors is read and thrown away: cheaper than another request. */
const maxGapBytes = 256 * 1024

/** Pieces of a tensor begin at multiples of this, so that they can be copied to a GPU buffer as they are. */
const pieceAlignment = 256

/**
 * Covers the tensors with ranges of at most `rangeBytes`, in the order of files and bytes. Neighbours share a range;
 * large stretches that nobody wants are left out. Tensors without bytes get no piece.
 */
export function planRanges(wanted: readonly TensorEntry[], rangeBytes: number): readonly Range[] {
  assert(rangeBytes >= 2 * pieceAlignment, `ranges of ${rangeBytes} bytes are too small`)
  const entries = wanted.filter((entry) => entry.end > entry.start)
  entries.sort((a, b) => (a.file === b.file ? a.start - b.start : a.file < b.file ? -1 : 1))
  const ranges: Range[] = []
  let open: { file: string; start: number; end: number; pieces: Piece[] } | undefined
  for (const entry of entries) {
    const free = open?.file !== entry.file || open.end <= entry.start
    assert(free, `tensor ${entry.name} is wanted twice, or shares bytes with another one`)
    let at = entry.start
    while (at < entry.end) {
      const fits = open?.file === entry.file && at - open.end <= maxGapBytes && at < open.start + rangeBytes
      if (!open || !fits || cutOf(entry, at, open.start + rangeBytes) === at) {
        open = { file: entry.file, start: at, end: at, pieces: [] }
        ranges.push(open)
      }
      const to = cutOf(entry, at, open.start + rangeBytes)
      open.pieces.push({ entry, from: at - open.start, to: to - open.start, offset: at - entry.start })
      open.end = to
      at = to
    }
  }
  return ranges
}

/** Where the piece that begins at `at` ends, if nothing may reach beyond `limit`. */
function cutOf(entry: TensorEntry, at: number, limit: number): number {
  if (entry.end <= limit) return entry.end
  return Math.max(at, limit - ((limit - entry.start) % pieceAlignment))
}
