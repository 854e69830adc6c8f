// Checks small tensors that lie beside integer codes and must agree with them.
import { HadalError } from '../lib/error.ts'
import { formatShape } from '../lib/format.ts'
import { integerSizes } from './integer-scales.ts'
import type { TensorEntry } from './safetensors.ts'
import type { IntegerMatrix } from './stored-matrix.ts'
import { invalidTensor } from './tensor-writer.ts'

/** Throws `bad_file` unless the tensor holds the rows and columns of its matrix. */
export function shapeCheck(matrix: IntegerMatrix, entry: TensorEntry, bytes = new Uint8Array()): void {
  const { rows, cols } = matrix.storedLayout
  const held = integers(entry, bytes)
  if (held.length === 2 && held[0] === rows && held[1] === cols) return
  throw invalidTensor(entry, `holds ${formatShape(held)}; the matrix is ${formatShape([rows, cols])}`)
}

/**
 * Throws `unsupported` unless each column is in the group of its place. A negative number anywhere means that
 * the maker kept no other order.
 */
export function columnOrderCheck(matrix: IntegerMatrix, entry: TensorEntry, bytes = new Uint8Array()): void {
  const { cols, groups } = integerSizes(matrix)
  const order = integers(entry, bytes)
  const groupSize = matrix.groupSize ?? cols
  if (groups === 1 || order.some((group) => group < 0)) return
  const column = order.findIndex((group, i) => group !== Math.floor(i / groupSize))
  if (column < 0) return
  throw new HadalError(
    'unsupported',
    `${entry.file}: ${entry.name} puts column ${column} into group ${order[column]}: its columns are in ` +
      'the order of their importance (act-order), which Hadal does not read.',
    {
      file: entry.file,
      tensor: entry.name,
      hint: 'Use a version without act-order (desc_act: false), an MLX version, or the original.',
    },
  )
}

/** I32 or I64 as numbers. */
function integers({ dtype }: TensorEntry, bytes: Uint8Array<ArrayBuffer>): number[] {
  const { buffer } = bytes.slice()
  return dtype === 'I64' ? Array.from(new BigInt64Array(buffer), Number) : [...new Int32Array(buffer)]
}
