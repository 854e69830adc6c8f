// Reads from a config how stored weights are quantised, and refuses by name the ways that are not read.
import type { BlockShape } from '../gpu/formats.ts'
import type { ConfigFields } from './config-fields.ts'
import { describeCompressed } from './describe-compressed.ts'
import { describeMlx } from './describe-mlx.ts'
import { describeAwq, describeGptq } from './describe-transposed.ts'
import { describeBlock, QUANTIZATION_HINT } from './quantization-fields.ts'
import type { StoredQuantization } from './spec.ts'

const PACKED_VERSION = 1

type Describe = (quantization: ConfigFields) => StoredQuantization

/** By `quant_method`. `hadal` is that of folders that Hadal packed. */
const METHODS = {
  fp8: describeFp8,
  hadal: describePacked,
  'compressed-tensors': describeCompressed,
  gptq: describeGptq,
  awq: describeAwq,
} as const satisfies Record<string, Describe>

const METHOD_NAMES = Object.keys(METHODS) as readonly (keyof typeof METHODS)[]

/** MLX names its quantisation `quantization`, all others `quantization_config`. */
export function describeQuantization(config: ConfigFields): StoredQuantization {
  if (config.has('quantization')) return describeMlx(config)
  const quantization = config.object('quantization_config')
  if (!quantization) return { method: 'none' }
  const method = quantization.choice('quant_method', METHOD_NAMES, undefined, QUANTIZATION_HINT)
  return METHODS[method](quantization)
}

/** FP8: without `weight_block_size`, the shape of the scales tells what they cover. */
function describeFp8(quantization: ConfigFields): StoredQuantization {
  quantization.choice('fmt', ['e4m3', 'float8_e4m3fn'], 'e4m3', QUANTIZATION_HINT)
  return { method: 'fp8', block: describeBlock(quantization, 'weight_block_size') }
}

/** Packed folders may also hold published FP8 matrices with their block scales. */
function describePacked(quantization: ConfigFields): StoredQuantization {
  quantization.only('version', PACKED_VERSION)
  quantization.ignore('quantize') // the option that was used; the tensors carry their own formats
  return { method: 'hadal', block: describeBlock(quantization, 'weight_block_size') }
}

/** The `quantization_config` of a packed folder, as `describeQuantization` reads it. */
export function packedConfig(block: BlockShape | undefined, quantize: unknown): Record<string, unknown> {
  return {
    quant_method: 'hadal' satisfies keyof typeof METHODS,
    version: PACKED_VERSION,
    quantize,
    ...(block && { weight_block_size: [block.rows, block.cols] }),
  }
}
