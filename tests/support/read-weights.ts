// Reads the quantised weights of a folder into f32 on the CPU, as the writers for the GPU read them.
import { findStoredMatrices } from '../../src/engine/load/find-matrices.ts'
import { specFromConfig } from '../../src/engine/load/plan.ts'
import { resolveTensors } from '../../src/engine/load/resolve-tensors.ts'
import { openConfigured } from '../../src/engine/load/user-config.ts'
import { toF32 } from '../../src/lib/float.ts'
import { listTensors } from '../../src/models/tensor-names.ts'
import { expectDtype, SCALE_DTYPES } from '../../src/weights/matrix-writer.ts'
import type { TensorEntry } from '../../src/weights/safetensors.ts'
import type { Source } from '../../src/weights/source.ts'
import { matrixFloats, splitKvRows } from '../../src/weights/split-kv.ts'
import { type StoredMatrix, tensorsOfMatrix } from '../../src/weights/stored-matrix.ts'

/** The weights of the named matrices, and the notices of the folder. */
export async function readWeights(source: Source, isRead: (name: string) => boolean) {
  const checkpoint = await openConfigured(source, {})
  const spec = specFromConfig(checkpoint, checkpoint.notices)
  const resolved = resolveTensors(spec, checkpoint)
  const weights = new Map<string, Float32Array<ArrayBuffer>>()
  for (const tensor of listTensors(spec)) {
    if (!isRead(tensor.name)) continue
    const [matrix] = findStoredMatrices(spec, resolved, [tensor])
    if (!matrix) throw new Error(`no matrix ${tensor.name}`)
    const parts = new Map<TensorEntry, Uint8Array<ArrayBuffer>>()
    for (const entry of tensorsOfMatrix(matrix))
      parts.set(entry, await source.read(entry.file, entry.start, entry.end))
    weights.set(tensor.name, floatsOf(matrix, parts))
  }
  return { weights, notices: checkpoint.notices.texts }
}

function floatsOf(
  matrix: StoredMatrix,
  parts: ReadonlyMap<TensorEntry, Uint8Array<ArrayBuffer>>,
): Float32Array<ArrayBuffer> {
  switch (matrix.kind) {
    case 'split kv':
      return splitKvRows(matrix, parts)
    case 'fp8': {
      const { weight, scale, scaleBlock, storedLayout } = matrix
      const codes = toF32('F8_E4M3', parts.get(weight) ?? new Uint8Array())
      const scales = toF32(expectDtype(scale, SCALE_DTYPES), parts.get(scale) ?? new Uint8Array())
      const perRow = Math.ceil(storedLayout.cols / scaleBlock.cols)
      return codes.map((code, i) => {
        const [row, col] = [Math.floor(i / storedLayout.cols), i % storedLayout.cols]
        const block = Math.floor(row / scaleBlock.rows) * perRow + Math.floor(col / scaleBlock.cols)
        return code * (scales[block] ?? Number.NaN)
      })
    }
    case 'packed':
      throw new Error('not by another tool')
    default:
      return matrixFloats(matrix, parts)
  }
}
