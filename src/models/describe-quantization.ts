// Reads from a config how stored weights are quantised: FP8 with block scales, or packed by Hadal.
import type { BlockShape } from '../gpu/formats.ts'
import type { ConfigFields } from './config-fields.ts'
import type { StoredQuantization } from './spec.ts'

const MAX_BLOCK = 4096
const PACKED_VERSION = 1

/** `quant_method` of folders that Hadal packed. */
const PACKED = 'hadal'

/** Packed folders may also hold published FP8 matrices with their block scales. */
export function describeQuantization(config: ConfigFields): StoredQuantization {
  const quantization = config.object('quantization_config')
  if (!quantization) return { weightBlockSize: undefined, packed: false }
  const hint = 'Use the original checkpoint: FP8 with block scales, BF16, F16 and F32 weights are read.'
  const packed = quantization.choice('quant_method', ['fp8', PACKED], undefined, hint) === PACKED
  quantization.choice('fmt', ['e4m3'], 'e4m3', hint)
  if (packed) {
    quantization.only('version', PACKED_VERSION)
    quantization.ignore('quantize') // the option that was used; the tensors carry their own formats
  }
  if (quantization.has('weight_block_size')) return { weightBlockSize: describeBlock(quantization), packed }
  if (packed) return { weightBlockSize: undefined, packed }
  throw quantization.unsupported('weight_block_size', hint)
}

/** The `quantization_config` of a packed folder, as `describeQuantization` reads it. */
export function packedConfig(block: BlockShape | undefined, quantize: unknown): Record<string, unknown> {
  return {
    quant_method: PACKED,
    version: PACKED_VERSION,
    quantize,
    ...(block && { weight_block_size: [block.rows, block.cols] }),
  }
}

/** Rows and columns that share one scale. */
function describeBlock(quantization: ConfigFields): BlockShape {
  const [rows, cols, ...rest] = quantization.list('weight_block_size')
  const valid = (n: unknown): n is number =>
    typeof n === 'number' && Number.isInteger(n) && n > 0 && n <= MAX_BLOCK
  if (valid(rows) && valid(cols) && rest.length === 0) return { rows, cols }
  const rule = `must be two whole numbers from 1 to ${MAX_BLOCK}`
  throw quantization.error('weight_block_size', rule, [rows, cols, ...rest])
}
