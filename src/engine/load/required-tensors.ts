// Lists the stored tensors that a planned model reads.
import { mapTensors } from '../../models/tensors.ts'
import type { TensorEntry } from '../../weights/safetensors.ts'
import type { StoredMatrix } from './stored-matrix.ts'
import type { WeightPlan } from './weight-plan.ts'

/** Every stored tensor that loading reads, including scales. */
export function requiredTensors(plan: WeightPlan): ReadonlySet<TensorEntry> {
  const required = new Set<TensorEntry>()
  const add = (storedMatrices: readonly StoredMatrix[]) => {
    for (const { weight, scale } of storedMatrices) {
      required.add(weight)
      if (scale) required.add(scale)
    }
  }
  mapTensors(plan, {
    matrix: ({ storedMatrices }) => add(storedMatrices),
    vector: ({ entries }) => {
      for (const entry of entries) required.add(entry)
    },
    bank: ({ slots }) => {
      for (const { storedMatrices } of slots) add(storedMatrices)
    },
  })
  return required
}
