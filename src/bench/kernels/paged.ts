// Answers: what lies in the KV cache of a measured kernel? Drawn records in pages that lie in no order, exact in f16.
// It must not know what a record means.
import { PAGE_TOKENS } from '../../engine/kv-cache.ts'
import type { Resource } from '../../program/graph.ts'
import { copiesOf, type Setting } from './case.ts'
import { drawMatrix, readRows } from './stored.ts'

/** Records of `width` f16 numbers, a multiple of 32, found through a page table. */
export interface Paged {
  readonly pages: Resource
  readonly bytes: number // of the records of the context
  /** Buffers with the same records, enough for a round. */
  readonly copies: readonly Resource[]
  /** Records of `count` positions from the first on, [count, width]. */
  records(count: number): Float64Array
  /** The row in the buffer of a position. */
  rowOf(position: number): number
}

/** A cache with `context` tokens. */
export function drawPaged(setting: Setting, context: number, width: number): Paged {
  const { room } = setting
  const { table, rowOf } = pageTable(context)
  const stored = drawMatrix('f16', [table.length * PAGE_TOKENS], width, 13)
  return {
    pages: room.upload(table),
    bytes: context * width * 2,
    copies: copiesOf(setting, stored.part.bytes, () => room.upload(stored.words)),
    records(count) {
      const records = new Float64Array(count * width)
      for (let position = 0; position < count; position++)
        records.set(readRows(stored, rowOf(position), 1), position * width)
      return records
    },
    rowOf,
  }
}

/** Pages in reverse order: a kernel that takes no notice of the table reads what is not meant. */
export function pageTable(context: number) {
  const count = Math.ceil(context / PAGE_TOKENS)
  const table = Uint32Array.from({ length: count }, (_, page) => count - 1 - page)
  return {
    table,
    rowOf: (position: number) =>
      (table[Math.floor(position / PAGE_TOKENS)] ?? 0) * PAGE_TOKENS + (position % PAGE_TOKENS),
  }
}
