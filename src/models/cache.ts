// Answers: what does attention of any kind read and write beside the step's own activations? It must not know what a record holds.
import type { Resource } from '../program/graph.ts'

export interface Cache {
  readonly records: Resource // this layer's pages: [rows, numbers kept per token]
  readonly pages: Resource // the session's page table
  readonly rotations: Resource
}

/** Splits of the context in decode: enough to keep a GPU busy, few enough to merge quickly. */
export const SPLITS = 32
