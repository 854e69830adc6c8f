// Answers: how are stored weights quantised, by a config? Only FP8 with block scales is read.
// It must not know the tensors.
import type { BlockShape } from '../gpu/matrix.ts'
import type { Fields } from './fields.ts'

const MOST_BLOCK = 4096

/** The block of one scale; undefined where weights are plain. */
export function describeQuantization(config: Fields): BlockShape | undefined {
  const quantization = config.object('quantization_config')
  if (!quantization) return undefined
  const hint = 'Use the original checkpoint: FP8 with block scales, BF16, F16 and F32 weights are read.'
  quantization.choice('quant_method', ['fp8'], undefined, hint)
  quantization.choice('fmt', ['e4m3'], 'e4m3', hint)
  if (!quantization.has('weight_block_size')) throw quantization.unsupported('weight_block_size', hint)
  const [rows, cols, ...rest] = quantization.list('weight_block_size')
  const valid = (n: unknown): n is number =>
    typeof n === 'number' && Number.isInteger(n) && n > 0 && n <= MOST_BLOCK
  if (valid(rows) && valid(cols) && rest.length === 0) return { rows, cols }
  const rule = `must be two whole numbers from 1 to ${MOST_BLOCK}`
  throw quantization.error('weight_block_size', rule, [rows, cols, ...rest])
}
