// Answers: which stored tensors does a planned model read? It must not know what they are for.
import { mapTensors } from '../models/tensors.ts'
import type { TensorEntry } from '../weights/safetensors.ts'
import type { Piece } from './pieces.ts'
import type { ModelPlan } from './plan.ts'

/** Every stored tensor that loading reads, scales included. */
export function wantedEntries(plan: ModelPlan): ReadonlySet<TensorEntry> {
  const wanted = new Set<TensorEntry>()
  const take = (pieces: readonly Piece[]) => {
    for (const { weight, scale } of pieces) {
      wanted.add(weight)
      if (scale) wanted.add(scale)
    }
  }
  mapTensors(plan, {
    matrix: ({ pieces }) => take(pieces),
    vector: ({ entries }) => {
      for (const entry of entries) wanted.add(entry)
    },
    bank: ({ slots }) => {
      for (const { pieces } of slots) take(pieces)
    },
  })
  return wanted
}
