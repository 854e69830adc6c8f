// Finds kv_b_proj in the two halves that newer MLX files store: embed_q and unembed_out.
import { layoutMatrix } from '../../gpu/matrix.ts'
import { expectDefined } from '../../lib/error.ts'
import type { NamedTensor, SplitKv } from '../../models/tensor-names.ts'
import type { Checkpoint } from '../../weights/checkpoint.ts'
import { splitKvWriters } from '../../weights/integer-writers.ts'
import { type SplitKvMatrix, type StoredMatrix, tensorsOfMatrix } from '../../weights/stored-matrix.ts'
import { wrongTensor } from './find-tensor.ts'

/** The matrix of both halves; undefined if neither is stored. Throws what `find` throws. */
export function findSplitKv(
  { tensors }: Checkpoint,
  { name, shape }: NamedTensor,
  { heads, keys, keyRows, values, valueRows }: SplitKv,
  find: (half: NamedTensor) => StoredMatrix,
): SplitKvMatrix | undefined {
  if (![keys, values].some((module) => tensors.has(headName(module, 0)))) return undefined
  const [rows = 0, latent = 0] = shape
  const all = (module: string, size: readonly [number, number]) =>
    Array.from({ length: heads }, (_, head) => readable(find({ name: headName(module, head), shape: size })))
  const [keyHeads, valueHeads] = [all(keys, [latent, keyRows]), all(values, [valueRows, latent])]
  const matrix: SplitKvMatrix = {
    kind: 'split kv',
    name,
    label: `${keyHeads[0]?.label} in two halves`,
    keys: keyHeads,
    values: valueHeads,
    storedLayout: layoutMatrix('f32', [rows], latent),
    createWriters: (queue, target) => ({ rows: splitKvWriters(queue, matrix, target), scales: [] }),
  }
  return matrix
}

const headName = (module: string, head: number): string => `${module}.${head}.weight`

function readable(matrix: StoredMatrix): SplitKvMatrix['keys'][number] {
  if (matrix.kind === 'float' || matrix.kind === 'integer') return matrix
  const [weight] = tensorsOfMatrix(matrix)
  throw wrongTensor(expectDefined(weight, 'a tensor'), 'is neither stored as floats nor by MLX')
}
