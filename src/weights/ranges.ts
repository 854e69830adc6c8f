// Plans which byte ranges of which files to read for a set of tensors. A pure decision.
import { assert } from '../lib/error.ts'
import type { TensorEntry } from './safetensors.ts'

/** A slice of a tensor within a range: bytes `from` to `to` of the range, `offset` bytes into the tensor. */
export interface TensorSlice {
  readonly entry: TensorEntry
  readonly from: number
  readonly to: number
  readonly offset: number
}

/** One read: bytes `start` to `end` of `file`. */
export interface ReadRange {
  readonly file: string
  readonly start: number
  readonly end: number
  readonly slices: readonly TensorSlice[]
}

/** A smaller gap between requested tensors is read and discarded, which is cheaper than another request. */
const MAX_GAP_BYTES = 256 * 1024

/**
 * Slices begin at multiples of this within the tensor, so that they can be copied to a GPU buffer directly.
 */
const SLICE_ALIGNMENT = 256

/**
 * Covers the tensors with ranges of at most `rangeBytes`, ordered by file and byte. Neighbours share a range;
 * large gaps are skipped. Empty tensors get no slice.
 */
export function planRanges(tensors: readonly TensorEntry[], rangeBytes: number): readonly ReadRange[] {
  assert(rangeBytes >= 2 * SLICE_ALIGNMENT, `ranges of ${rangeBytes} bytes are too small`)
  const entries = tensors.filter((entry) => entry.end > entry.start)
  entries.sort((a, b) => (a.file === b.file ? a.start - b.start : a.file < b.file ? -1 : 1))
  const ranges: ReadRange[] = []
  let current: { file: string; start: number; end: number; slices: TensorSlice[] } | undefined
  for (const entry of entries) {
    const isDisjoint = current?.file !== entry.file || current.end <= entry.start
    assert(isDisjoint, `tensor ${entry.name} is requested twice, or shares bytes with another one`)
    let at = entry.start
    while (at < entry.end) {
      const fits =
        current?.file === entry.file && at - current.end <= MAX_GAP_BYTES && at < current.start + rangeBytes
      if (!current || !fits || sliceEnd(entry, at, current.start + rangeBytes) === at) {
        current = { file: entry.file, start: at, end: at, slices: [] }
        ranges.push(current)
      }
      const to = sliceEnd(entry, at, current.start + rangeBytes)
      current.slices.push({
        entry,
        from: at - current.start,
        to: to - current.start,
        offset: at - entry.start,
      })
      current.end = to
      at = to
    }
  }
  return ranges
}

/** The end of the slice that begins at `at` and must not pass `limit`. */
function sliceEnd(entry: TensorEntry, at: number, limit: number): number {
  if (entry.end <= limit) return entry.end
  return Math.max(at, limit - ((limit - entry.start) % SLICE_ALIGNMENT))
}
