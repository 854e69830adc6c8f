// Plans the tensors of a random checkpoint as MLX stores it: codes, scales and biases; experts as stacks.
import type { ModelSpec } from '../../models/spec.ts'
import { moduleOf, SCHEMES, stackNameOf } from '../../models/stored-names.ts'
import { type TensorStack, tensorNames } from '../../models/tensor-names.ts'
import { mapTensors } from '../../models/tensors.ts'
import type { RandomDtype } from './random-pages.ts'
import { type RandomTensor, randomTensor, vectorDistribution } from './random-tensors.ts'

/** Bits of the formats that `make-checkpoint --format` knows. */
const FORMAT_BITS = { mlx2: 2, mlx3: 3, mlx4: 4, mlx5: 5, mlx6: 6, mlx8: 8 } as const
export type MlxFormat = keyof typeof FORMAT_BITS
export const MLX_FORMATS = Object.keys(FORMAT_BITS) as readonly MlxFormat[]

/** MLX's default. */
const GROUP_SIZE = 64

/** The key `quantization` of config.json. */
export const mlxQuantization = (format: MlxFormat) => ({ group_size: GROUP_SIZE, bits: FORMAT_BITS[format] })

/** Every tensor in the order of the model. Routers and vectors are floats. */
export function randomMlxTensors(spec: ModelSpec, format: MlxFormat, dtype: RandomDtype): RandomTensor[] {
  const tensors: RandomTensor[] = []
  const one = (stack: TensorStack) => {
    for (const tensor of stack) tensors.push(...matrixTensors([tensor], format, dtype))
  }
  mapTensors(tensorNames(spec), {
    matrix: (stack, role) => {
      if (role !== 'router') return one(stack)
      for (const { name, shape } of stack)
        tensors.push(randomTensor(name, shape, { dtype, mean: 0, deviation: 1 / Math.sqrt(shape[1] ?? 1) }))
    },
    bank: ({ routed, shared }) => {
      const [first = []] = routed
      for (const index of first.keys())
        tensors.push(
          ...matrixTensors(
            routed.flatMap((stack) => stack[index] ?? []),
            format,
            dtype,
          ),
        )
      if (shared) one(shared)
    },
    vector: (stack) => {
      for (const { name, shape } of stack)
        tensors.push(randomTensor(name, shape, vectorDistribution(name, dtype)))
    },
  })
  return tensors
}

/**
 * The tensors of a matrix, or of a stack of equal ones: random codes, scales that give weights a deviation
 * of 1 / √columns, and biases that put the middle of the codes at zero.
 */
function matrixTensors(matrices: TensorStack, format: MlxFormat, dtype: RandomDtype): RandomTensor[] {
  const [{ name = '', shape: [rows = 1, cols = 1] = [] } = {}] = matrices
  const isStack = matrices.length > 1
  const module = isStack ? stackNameOf(moduleOf(name)) : moduleOf(name)
  const bits = FORMAT_BITS[format]
  const middle = (2 ** bits - 1) / 2
  const scale = 1 / Math.sqrt(cols) / Math.sqrt((4 ** bits - 1) / 12) // over the deviation of uniform codes
  const tensor = (part: string, width: number, dtype: RandomDtype, mean: number, deviation: number) => ({
    ...randomTensor(`${module}.${part}`, [...(isStack ? [matrices.length] : []), rows, width], {
      dtype,
      mean,
      deviation,
    }),
    ...(mean !== 0 && { stream: module }), // each bias belongs to a scale
  })
  const { codes, scales, offsets } = SCHEMES.mlx
  return [
    tensor(codes, (cols * bits) / 32, 'U32', 0, 1),
    tensor(scales, cols / GROUP_SIZE, dtype, scale, scale / 8),
    tensor(offsets, cols / GROUP_SIZE, dtype, -middle * scale, (-middle * scale) / 8),
  ]
}
