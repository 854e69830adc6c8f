// Writes folders of random weights as MLX quantises them: its encoder, names and stacks.
import { decodeBF16, encodeBF16 } from '../../src/lib/float.ts'
import { describeModel } from '../../src/models/describe.ts'
import { moduleOf, stackNameOf } from '../../src/models/stored-names.ts'
import { listTensors } from '../../src/models/tensor-names.ts'
import { makeSafetensors } from '../weights/make-safetensors.ts'
import type { FileTensors, ModelFiles } from './folder.ts'
import { normals } from './numbers.ts'

export interface MlxParameters {
  readonly bits: number
  readonly group_size: number
}

interface TwinOptions {
  /** Parameters of a module; undefined: not quantised. */
  readonly parameters: (module: string) => MlxParameters | undefined
  /** MLX's name of a module, where it is not the model's. */
  readonly rename?: (module: string) => string
}

/** The files' tensors, and the weights of the quantised matrices by the model's own names. */
export interface MlxTwin {
  readonly tensors: FileTensors
  readonly weights: Map<string, Float32Array>
}

/** The tensors of a model with this config, experts in stacks. */
export function makeMlxTwin(
  config: object,
  { parameters, rename = (module) => module }: TwinOptions,
): MlxTwin {
  const tensors: FileTensors = {}
  const weights = new Map<string, Float32Array>()
  const put = (name: string, dtype: string, shape: readonly number[], bytes: Uint8Array) => {
    const before = tensors[name]
    const stacked = before ? [(before[1][0] ?? 0) + 1, ...shape] : [1, ...shape]
    const isStack = name.includes('.switch_mlp.')
    const joined = isStack && before ? Buffer.concat([before[2], bytes]) : bytes
    tensors[name] = [dtype, isStack ? stacked : shape, new Uint8Array(joined)]
  }
  for (const [seed, { name, shape }] of listTensors(describeModel(config)).entries()) {
    const module = moduleOf(name)
    const stored = rename(stackNameOf(module))
    const [rows = 1, cols = 1] = shape
    const values = normals(rows * cols, seed, 0.05)
    const own = shape.length === 2 ? parameters(module) : undefined
    if (!own) {
      put(name.replace(module, stored), 'BF16', shape, bf16(values))
      continue
    }
    const { codes, scales, biases, decoded } = encode(values, own)
    put(`${stored}.weight`, 'U32', [rows, (cols * own.bits) / 32], packBits(codes, own.bits))
    put(`${stored}.scales`, 'BF16', [rows, cols / own.group_size], bf16(scales))
    put(`${stored}.biases`, 'BF16', [rows, cols / own.group_size], bf16(biases))
    weights.set(name, decoded)
  }
  return { tensors, weights }
}

/** The folder of a twin. */
export const twinFiles = (config: object, { tensors }: MlxTwin): ModelFiles => ({
  'config.json': JSON.stringify(config),
  'tokenizer.json': '{}',
  'model.safetensors': makeSafetensors(tensors),
})

/** mlx's affine_quantize, rounded to BF16. */
function encode(values: Float32Array, { bits, group_size: group }: MlxParameters) {
  const largest = 2 ** bits - 1
  const [codes, decoded] = [new Uint8Array(values.length), new Float32Array(values.length)]
  const [scales, biases]: [number[], number[]] = [[], []]
  for (let at = 0; at < values.length; at += group) {
    const numbers = values.subarray(at, at + group)
    const [low, high] = [Math.min(...numbers), Math.max(...numbers)]
    const size = Math.max((high - low) / largest, 1e-7)
    const edge = Math.abs(low) > Math.abs(high) ? low : high
    const first = Math.round(edge / (edge === low ? size : -size))
    const scale = first === 0 ? size : edge / first
    const bias = first === 0 ? 0 : edge
    const [storedScale, storedBias] = [decodeBF16(encodeBF16(scale)), decodeBF16(encodeBF16(bias))]
    scales.push(storedScale)
    biases.push(storedBias)
    for (let i = at; i < at + group; i++) {
      const code = Math.min(Math.max(Math.round(((values[i] ?? 0) - bias) / scale), 0), largest)
      codes[i] = code
      decoded[i] = storedScale * code + storedBias
    }
  }
  return { codes, scales, biases, decoded }
}

/** Codes as one stream of bits, the lowest first. */
function packBits(codes: Uint8Array, bits: number): Uint8Array {
  const stream = new Uint8Array((codes.length * bits) / 8)
  for (let i = 0; i < codes.length * bits; i++) {
    const bit = ((codes[Math.floor(i / bits)] ?? 0) >> (i % bits)) & 1
    stream[i >> 3] = (stream[i >> 3] ?? 0) | (bit << (i & 7))
  }
  return stream
}

const bf16 = (values: ArrayLike<number>): Uint8Array =>
  new Uint8Array(Uint16Array.from(values, encodeBF16).buffer)
