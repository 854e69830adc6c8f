// Says how the matrices of a plan are stored, how they lie on the GPU, and what the difference costs.
import { FORMATS } from '../../gpu/formats.ts'
import { layoutPart, type MatrixLayout } from '../../gpu/matrix.ts'
import { totalRangeBytes } from '../../lib/format.ts'
import { mapTensors } from '../../models/tensors.ts'
import { type StoredMatrix, tensorsOfMatrix } from '../../weights/stored-matrix.ts'
import type { PlannedWeights } from '../types.ts'
import { needsConversion } from './common-format.ts'
import type { WeightPlan } from './weight-plan.ts'

/** The matrices of a plan by how they are stored and how they lie on the GPU, most stored bytes first. */
export function plannedWeights(plan: WeightPlan): readonly PlannedWeights[] {
  const found = new Map<string, PlannedWeights>()
  const add = (layout: MatrixLayout, storedMatrices: readonly StoredMatrix[]) => {
    for (const matrix of storedMatrices) {
      const onGpu = layoutText(layout)
      const key = JSON.stringify([matrix.label, onGpu])
      const before = found.get(key)
      found.set(key, {
        stored: matrix.label,
        storedBytes: (before?.storedBytes ?? 0) + totalRangeBytes(tensorsOfMatrix(matrix)),
        onGpu,
        gpuBytes: (before?.gpuBytes ?? 0) + layoutPart(layout, 0, matrix.storedLayout.rows).bytes,
        error: errorOf(matrix, layout),
      })
    }
  }
  mapTensors(plan, {
    matrix: ({ layout, storedMatrices }) => add(layout, storedMatrices),
    vector: () => {},
    bank: ({ slots }) => {
      for (const { layout, storedMatrices } of slots) add(layout, storedMatrices)
    },
  })
  return [...found.values()].sort((a, b) => b.storedBytes - a.storedBytes)
}

function errorOf(matrix: StoredMatrix, layout: MatrixLayout): number {
  const { quantization } = FORMATS[layout.format]
  return quantization && needsConversion(matrix, layout) ? quantization.error : 0
}

function layoutText({ format, block }: MatrixLayout): string {
  const { label, scale } = FORMATS[format]
  if (!scale) return label
  const blocks = block.rows === 1 ? `groups of ${block.cols}` : `blocks of ${block.rows} × ${block.cols}`
  return `${label}, ${blocks}${block.dtype ? `, scales ${block.dtype}` : ''}`
}
