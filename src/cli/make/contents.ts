// Answers: which tensors does a made checkpoint hold, of which type, and what numbers are in them? A pure decision.
// It must not know files.
import { namesOf, type StoredStack, type StoredTensor } from '../../models/names.ts'
import type { ModelSpec } from '../../models/spec.ts'
import { mapTensors } from '../../models/tensors.ts'
import { bytesOf } from '../../weights/safetensors.ts'
import type { ShardTensor } from '../../weights/shards.ts'
import type { Numbers, NumberType } from './numbers.ts'
import type { Stored } from './recipe.ts'

export interface MadeTensor extends ShardTensor {
  readonly numbers: Numbers
  /** One page in so many is written, the rest is zero; 1 = all. */
  readonly period: number
}

const TYPES: Readonly<Record<Stored, NumberType>> = { bf16: 'BF16', fp8: 'BF16', f16: 'F16', f32: 'F32' }
const CODE_DEVIATION = 80 // of FP8 codes: rarely beyond the 240 they are cut at
const PERIOD = 32
const SPARSE_WEIGHTS = 1 << 20 // smaller matrices would have hardly a number

/**
 * Every tensor in the order of the model, scales behind their weights. Matrices have a deviation of 1 / √columns, so that outputs are as
 * large as inputs. When `sparse`, matrices of experts and MLPs are mostly zeros: gate and up have the same whole rows, and the
 * numbers of down, which meets zeros in most columns, are larger.
 */
export function tensorsOf(spec: ModelSpec, dtype: Stored, sparse: boolean): MadeTensor[] {
  const made: MadeTensor[] = []
  const add = ({ name, shape }: StoredTensor, numbers: Numbers, period = 1) => {
    const count = shape.reduce((product, size) => product * size, 1)
    made.push({ name, dtype: numbers.type, shape, numbers, bytes: count * bytesOf(numbers.type), period })
  }
  const matrices = (stack: StoredStack, quantised: boolean, wide: boolean) => {
    for (const tensor of stack) {
      const [rows = 1, cols = 1] = tensor.shape
      const mostlyZero = wide && sparse && rows * cols >= SPARSE_WEIGHTS
      const period = mostlyZero ? PERIOD : 1
      const larger = tensor.name.endsWith('down_proj.weight') ? Math.sqrt(period) : 1
      const deviation = larger / Math.sqrt(cols)
      if (!quantised || !spec.block) {
        add(tensor, { type: TYPES[dtype], mean: 0, deviation }, period)
        continue
      }
      add(tensor, { type: 'F8_E4M3', mean: 0, deviation: CODE_DEVIATION }, period)
      const blocks = [Math.ceil(rows / spec.block.rows), Math.ceil(cols / spec.block.cols)]
      const scale = deviation / CODE_DEVIATION
      add(
        { name: `${tensor.name}_scale_inv`, shape: blocks },
        { type: 'F32', mean: scale, deviation: scale / 8 },
      )
    }
  }
  mapTensors(namesOf(spec), {
    matrix: (stack, role) => matrices(stack, role === 'attention' || role === 'mlp', role === 'mlp'),
    bank: ({ routed, shared }) => {
      for (const stack of shared ? [...routed, shared] : routed) matrices(stack, true, true)
    },
    vector: (stack) => {
      for (const tensor of stack) add(tensor, vectorNumbers(tensor.name, TYPES[dtype]))
    },
  })
  return made
}

/** Norms are about one, biases about zero. The router's correction stays F32, whatever the rest is. */
function vectorNumbers(name: string, type: NumberType): Numbers {
  if (name.endsWith('e_score_correction_bias')) return { type: 'F32', mean: 0, deviation: 0.02 }
  return name.endsWith('.bias') ? { type, mean: 0, deviation: 0.1 } : { type, mean: 1, deviation: 0.05 }
}
