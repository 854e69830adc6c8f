// What the quantisation keys of all methods share: blocks, group sizes, and the hint of a refusal.
import type { BlockShape } from '../gpu/formats.ts'
import { CHUNK } from '../gpu/matrix.ts'
import type { ConfigFields } from './config-fields.ts'
import type { StoredQuantization } from './spec.ts'

/** What would work instead of a quantisation that is not read. */
export const QUANTIZATION_HINT =
  'Use the original (BF16, F16, F32 or FP8), an MLX version of 2 to 8 bits (affine), or one in FP8, ' +
  'compressed-tensors W4A16, W8A16 or W8A8, AWQ (gemm), or GPTQ without act-order.'

/** The blocks of FP8 scales, if the config has them. */
export function fp8BlockOf(quantization: StoredQuantization): BlockShape | undefined {
  switch (quantization.method) {
    case 'fp8':
    case 'hadal':
      return quantization.block
    case 'compressed-tensors':
      return quantization.schemes.find(({ block }) => block)?.block
    default:
      return undefined
  }
}

const MAX_BLOCK = 4096
const MAX_GROUP = 1 << 20
const GROUP_UNIT = 2 * CHUNK // kernels look up one scale for two chunks

/** Rows and columns that share one scale: a list, or as older files write it, "128x128". */
export function describeBlock(fields: ConfigFields, key: string): BlockShape | undefined {
  if (!fields.has(key)) return undefined
  const value = fields.get(key)
  const text = typeof value === 'string' ? /^(\d{1,4})x(\d{1,4})$/.exec(value) : undefined
  const [rows, cols, ...rest] = text ? [Number(text[1]), Number(text[2])] : fields.list(key)
  const valid = (n: unknown): n is number =>
    typeof n === 'number' && Number.isInteger(n) && n > 0 && n <= MAX_BLOCK
  if (valid(rows) && valid(cols) && rest.length === 0) return { rows, cols }
  throw fields.error(key, `must be two whole numbers from 1 to ${MAX_BLOCK}`, [rows, cols, ...rest])
}

/** Columns that share a scale; undefined for whole rows, which files write as -1. */
export function describeGroupSize(fields: ConfigFields, key: string): number | undefined {
  const size = fields.count(key, -1, MAX_GROUP)
  if (size === -1) return undefined
  if (size > 0 && size % GROUP_UNIT === 0) return size
  throw fields.unsupported(
    key,
    `Groups of a multiple of ${GROUP_UNIT} columns are read. ${QUANTIZATION_HINT}`,
  )
}
