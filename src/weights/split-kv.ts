// Joins the halves of MLA's kv_b_proj that newer MLX files store separately, in f32.

import { assertNever, expectDefined } from '../lib/error.ts'
import { toF32 } from '../lib/float.ts'
import { checkFiniteValues } from './finite.ts'
import { integerCodes, integerRows } from './integer-codes.ts'
import { integerFloats } from './integer-scales.ts'
import { expectDtype, VECTOR_DTYPES } from './matrix-writer.ts'
import type { TensorEntry } from './safetensors.ts'
import type { FloatMatrix, IntegerMatrix, SplitKvMatrix } from './stored-matrix.ts'

type PartBytes = ReadonlyMap<TensorEntry, Uint8Array<ArrayBuffer>>

/**
 * kv_b_proj [heads · (nope + v), latent]: for each head its keys, transposed back, then its values.
 * @param parts the bytes of all tensors of the matrix
 */
export function splitKvRows(
  { keys, values, storedLayout }: SplitKvMatrix,
  parts: PartBytes,
): Float32Array<ArrayBuffer> {
  const { rows, cols: latent } = storedLayout
  const joined = new Float32Array(rows * latent)
  let row = 0
  for (const [head, keyHead] of keys.entries()) {
    const { cols: nope } = keyHead.storedLayout
    const keyRows = matrixFloats(keyHead, parts)
    for (let i = 0; i < nope; i++, row++) {
      for (let l = 0; l < latent; l++) joined[row * latent + l] = keyRows[l * nope + i] ?? 0
    }
    const valueRows = matrixFloats(expectDefined(values[head], 'the values of a head'), parts)
    joined.set(valueRows, row * latent)
    row += valueRows.length / latent
  }
  return joined
}

/** A whole matrix in f32, each weight rounded once. Throws `bad_file` for what is not finite. */
export function matrixFloats(
  matrix: FloatMatrix | IntegerMatrix,
  parts: PartBytes,
): Float32Array<ArrayBuffer> {
  const bytes = (entry: TensorEntry) => expectDefined(parts.get(entry), `the bytes of ${entry.name}`)
  switch (matrix.kind) {
    case 'float': {
      const values = toF32(expectDtype(matrix.weight, VECTOR_DTYPES), bytes(matrix.weight))
      checkFiniteValues(matrix.weight, values, 0)
      return values
    }
    case 'integer': {
      const { codes, scales, offsets } = matrix
      const stored = {
        scales: bytes(scales),
        offsets: offsets.entry && bytes(offsets.entry),
      }
      return integerFloats(matrix, integerCodes(matrix, integerRows(matrix, bytes(codes))), stored)
    }
    default:
      return assertNever(matrix, 'kind of matrix')
  }
}
