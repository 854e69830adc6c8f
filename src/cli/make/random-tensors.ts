// Plans the tensors of a random checkpoint: name, shape, dtype and distribution of the values.

import { fp8BlockOf } from '../../models/quantization-fields.ts'
import type { ModelSpec } from '../../models/spec.ts'
import { type NamedTensor, type TensorStack, tensorNames } from '../../models/tensor-names.ts'
import { mapTensors } from '../../models/tensors.ts'
import { tensorBytes } from '../../weights/safetensors.ts'
import type { ShardTensor } from '../../weights/shards.ts'
import type { CheckpointDtype } from './config-recipe.ts'
import type { RandomDistribution, RandomDtype } from './random-pages.ts'

export interface RandomTensor extends ShardTensor {
  readonly distribution: RandomDistribution
  /** One page in so many is written, the others stay zero; 1: all pages. */
  readonly pageInterval: number
  /** Tensors of one stream have the same random numbers; by default each has its own. */
  readonly stream?: string
}

export const STORED_DTYPES: Readonly<Record<CheckpointDtype, RandomDtype>> = {
  bf16: 'BF16',
  fp8: 'BF16',
  f16: 'F16',
  f32: 'F32',
}
const FP8_CODE_DEVIATION = 80 // values rarely exceed 240, where they are clipped
const SPARSE_PAGE_INTERVAL = 32
const MIN_SPARSE_WEIGHTS = 1 << 20 // smaller matrices would be almost empty

/**
 * Every tensor in the order of the model; scales follow their weights. Matrices have a standard deviation of
 * 1 / √columns, which keeps outputs as large as inputs. With `sparse`, the matrices of experts and MLPs are
 * mostly zeros: gate and up keep the same rows, and down, whose input is then zero in most columns, has
 * larger values.
 */
export function randomTensorsOf(spec: ModelSpec, dtype: CheckpointDtype, sparse: boolean): RandomTensor[] {
  const tensors: RandomTensor[] = []
  const block = fp8BlockOf(spec.quantization)
  const add = ({ name, shape }: NamedTensor, distribution: RandomDistribution, pageInterval = 1) => {
    tensors.push({ ...randomTensor(name, shape, distribution), pageInterval })
  }
  const matrices = (stack: TensorStack, quantised: boolean, isMlp: boolean) => {
    for (const tensor of stack) {
      const [rows = 1, cols = 1] = tensor.shape
      const mostlyZero = isMlp && sparse && rows * cols >= MIN_SPARSE_WEIGHTS
      const pageInterval = mostlyZero ? SPARSE_PAGE_INTERVAL : 1
      const gain = tensor.name.endsWith('down_proj.weight') ? Math.sqrt(pageInterval) : 1
      const deviation = gain / Math.sqrt(cols)
      if (!quantised || !block) {
        add(tensor, { dtype: STORED_DTYPES[dtype], mean: 0, deviation }, pageInterval)
        continue
      }
      add(tensor, { dtype: 'F8_E4M3', mean: 0, deviation: FP8_CODE_DEVIATION }, pageInterval)
      const blocks = [Math.ceil(rows / block.rows), Math.ceil(cols / block.cols)]
      const scale = deviation / FP8_CODE_DEVIATION
      add(
        { name: `${tensor.name}_scale_inv`, shape: blocks },
        { dtype: 'F32', mean: scale, deviation: scale / 8 },
      )
    }
  }
  mapTensors(tensorNames(spec), {
    matrix: (stack, role) => matrices(stack, role === 'attention' || role === 'mlp', role === 'mlp'),
    bank: ({ routed, shared }) => {
      for (const stack of shared ? [...routed, shared] : routed) matrices(stack, true, true)
    },
    vector: (stack) => {
      for (const tensor of stack) add(tensor, vectorDistribution(tensor.name, STORED_DTYPES[dtype]))
    },
  })
  return tensors
}

export function randomTensor(
  name: string,
  shape: readonly number[],
  distribution: RandomDistribution,
): RandomTensor {
  const { dtype } = distribution
  return { name, dtype, shape, distribution, bytes: tensorBytes(dtype, shape), pageInterval: 1 }
}

/** Norms are near one, biases near zero. The router's correction bias is always F32. */
export function vectorDistribution(name: string, dtype: RandomDtype): RandomDistribution {
  if (/\.(e_score_correction|expert)_bias$/.test(name)) return { dtype: 'F32', mean: 0, deviation: 0.02 }
  return name.endsWith('.bias') ? { dtype, mean: 0, deviation: 0.1 } : { dtype, mean: 1, deviation: 0.05 }
}
