// Lists the stored tensors that a planned model reads.
import { mapTensors } from '../../models/tensors.ts'
import type { TensorEntry } from '../../weights/safetensors.ts'
import { type StoredMatrix, tensorsOfMatrix } from '../../weights/stored-matrix.ts'
import type { WeightPlan } from './weight-plan.ts'

/** Every stored tensor that loading reads, including scales. */
export function requiredTensors(plan: WeightPlan): ReadonlySet<TensorEntry> {
  const required = new Set<TensorEntry>()
  const add = (storedMatrices: readonly StoredMatrix[]) => {
    for (const matrix of storedMatrices) for (const entry of tensorsOfMatrix(matrix)) required.add(entry)
  }
  mapTensors(plan, {
    matrix: ({ storedMatrices }) => add(storedMatrices),
    vector: ({ parts }) => {
      for (const { entry } of parts) required.add(entry)
    },
    bank: ({ slots }) => {
      for (const { storedMatrices } of slots) add(storedMatrices)
    },
  })
  return required
}
