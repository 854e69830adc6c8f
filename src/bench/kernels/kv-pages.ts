// A KV cache of random entries, exact in f16, with pages in reverse order.
import { PAGE_TOKENS } from '../../engine/run/kv-cache.ts'
import type { Resource } from '../../program/graph.ts'
import { type CaseSettings, copiesForRound } from './case.ts'
import { randomMatrix, readRows } from './random-matrix.ts'

/** KV entries of `width` f16 values (a multiple of 32) behind a page table. */
export interface RandomKvPages {
  readonly pages: Resource
  readonly bytes: number // of the context's entries
  /** Buffers with the same entries, enough for a round. */
  readonly copies: readonly Resource[]
  /** The entries of the first `count` positions, [count, width]. */
  entries(count: number): Float64Array
  /** The buffer row of a position. */
  rowOf(position: number): number
}

/** A cache that holds `context` tokens. */
export function randomKvPages(settings: CaseSettings, context: number, width: number): RandomKvPages {
  const { buffers } = settings
  const { table, rowOf } = reversedPageTable(context)
  const stored = randomMatrix('f16', [table.length * PAGE_TOKENS], width, 13)
  return {
    pages: buffers.upload(table),
    bytes: context * width * 2,
    copies: copiesForRound(settings, stored.part.bytes, () => buffers.upload(stored.words)),
    entries(count) {
      const entries = new Float64Array(count * width)
      for (let position = 0; position < count; position++)
        entries.set(readRows(stored, rowOf(position), 1), position * width)
      return entries
    },
    rowOf,
  }
}

/** A page table in reverse order, so that a kernel that ignores the table reads wrong entries. */
export function reversedPageTable(context: number) {
  const count = Math.ceil(context / PAGE_TOKENS)
  const table = Uint32Array.from({ length: count }, (_, page) => count - 1 - page)
  return {
    table,
    rowOf: (position: number) =>
      (table[Math.floor(position / PAGE_TOKENS)] ?? 0) * PAGE_TOKENS + (position % PAGE_TOKENS),
  }
}
