// Reads from a config how stored weights are quantised, and refuses by name the ways that are not read.
import type { BlockShape } from '../gpu/formats.ts'
import { expectDefined } from '../lib/error.ts'
import { isJsonObject } from '../lib/json.ts'
import type { ConfigFields } from './config-fields.ts'
import { describeBlock, QUANTIZATION_HINT } from './quantization-fields.ts'
import type { StoredQuantization } from './spec.ts'

const PACKED_VERSION = 1

type Describe = (quantization: ConfigFields) => StoredQuantization

/** By `quant_method`. `hadal` is that of folders that Hadal packed. */
const METHODS = { fp8: describeFp8, hadal: describePacked } as const satisfies Record<string, Describe>
const INTEGER_METHODS = ['compressed-tensors', 'gptq', 'awq'] as const
type IntegerMethod = (typeof INTEGER_METHODS)[number]

/** What reads the methods of other tools (`describe-integers.ts`), loaded for configs that need it. */
export interface IntegerMethods extends Readonly<Record<IntegerMethod, Describe>> {
  readonly mlx: (config: ConfigFields) => StoredQuantization // its keys may lie in two places
}

/** Whether a config names a method that `IntegerMethods` reads. */
export function namesIntegerMethod(config: unknown): boolean {
  if (!isJsonObject(config)) return false
  const { quantization, quantization_config: other } = config
  const method = isJsonObject(other) ? other.quant_method : undefined
  return isJsonObject(quantization) || INTEGER_METHODS.some((name) => name === method)
}

/** MLX names its quantisation `quantization`, all others `quantization_config`. */
export function describeQuantization(config: ConfigFields, integers?: IntegerMethods): StoredQuantization {
  if (config.has('quantization')) return expectMethods(integers).mlx(config)
  const quantization = config.object('quantization_config')
  if (!quantization) return { method: 'none' }
  const names = [...METHOD_NAMES, ...INTEGER_METHODS]
  const method = quantization.choice('quant_method', names, undefined, QUANTIZATION_HINT)
  const describe = method === 'fp8' || method === 'hadal' ? METHODS[method] : expectMethods(integers)[method]
  return describe(quantization)
}

const METHOD_NAMES = Object.keys(METHODS) as readonly (keyof typeof METHODS)[]

const expectMethods = (methods: IntegerMethods | undefined): IntegerMethods =>
  expectDefined(methods, 'the module of integer methods')

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
