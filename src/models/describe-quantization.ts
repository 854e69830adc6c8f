// Answers: how are stored weights quantised, by a config? FP8 with block scales, or packed by this program.
// It must not know the tensors.
import type { BlockShape } from '../gpu/matrix.ts'
import type { Fields } from './fields.ts'
import type { ModelSpec } from './spec.ts'

const MOST_BLOCK = 4096
const PACKED_VERSION = 1

/** `quant_method` of packed folders. */
const PACKED = 'hadal'

/** Packed folders may hold FP8 as it was published beside what was packed. */
export function describeQuantization(config: Fields): Pick<ModelSpec, 'block' | 'packed'> {
  const quantization = config.object('quantization_config')
  if (!quantization) return { block: undefined, packed: false }
  const hint = 'Use the original checkpoint: FP8 with block scales, BF16, F16 and F32 weights are read.'
  const packed = quantization.choice('quant_method', ['fp8', PACKED], undefined, hint) === PACKED
  quantization.choice('fmt', ['e4m3'], 'e4m3', hint)
  if (packed) {
    quantization.only('version', PACKED_VERSION)
    quantization.ignore('quantize') // what was asked for; the tensors say what they are
  }
  if (quantization.has('weight_block_size')) return { block: describeBlock(quantization), packed }
  if (packed) return { block: undefined, packed }
  throw quantization.unsupported('weight_block_size', hint)
}

/** What `describeQuantization` reads of a packed folder. */
export function packedConfig(block: BlockShape | undefined, quantize: unknown): Record<string, unknown> {
  return {
    quant_method: PACKED,
    version: PACKED_VERSION,
    quantize,
    ...(block && { weight_block_size: [block.rows, block.cols] }),
  }
}

/** The block of one scale. */
function describeBlock(quantization: Fields): BlockShape {
  const [rows, cols, ...rest] = quantization.list('weight_block_size')
  const valid = (n: unknown): n is number =>
    typeof n === 'number' && Number.isInteger(n) && n > 0 && n <= MOST_BLOCK
  if (valid(rows) && valid(cols) && rest.length === 0) return { rows, cols }
  const rule = `must be two whole numbers from 1 to ${MOST_BLOCK}`
  throw quantization.error('weight_block_size', rule, [rows, cols, ...rest])
}
