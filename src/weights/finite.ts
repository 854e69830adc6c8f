// Checks that stored weights are finite and scales below a bound.
// Tests a 32-bit word at a time, because every weight passes through here.
import type { ScaleDtype } from '../gpu/formats.ts'
import { toF32 } from '../lib/float.ts'
import type { TensorEntry } from './safetensors.ts'
import { invalidTensor } from './tensor-writer.ts'

/** Types that can be tested one 32-bit word at a time. */
export type WordTestedType = 'F32' | 'F16' | 'BF16' | 'F8_E4M3'

/**
 * How to find the non-finite numbers of a word. `mask` keeps the exponent bits (for E4M3 every bit but the
 * sign, since its NaN is the largest code); adding `add` then carries into the `signs` bits only for numbers
 * that are not finite.
 */
const EXPONENT_MASKS: Readonly<Record<WordTestedType, { mask: number; add: number; signs: number }>> = {
  F32: { mask: 0x7f800000, add: 0x00800000, signs: 0x80000000 },
  F16: { mask: 0x7c007c00, add: 0x04000400, signs: 0x80008000 },
  BF16: { mask: 0x7f807f80, add: 0x00800080, signs: 0x80008000 },
  F8_E4M3: { mask: 0x7f7f7f7f, add: 0x01010101, signs: 0x80808080 },
}

/**
 * Throws `bad_file` if some number is NaN or infinite: kernels guarantee nothing for those, and read FP8's
 * NaN as ±480. `first` is the index in the tensor of the first element of `bytes`.
 */
export function checkFinite(
  entry: TensorEntry,
  type: WordTestedType,
  bytes: Uint8Array<ArrayBuffer>,
  first: number,
): void {
  if (hasTopExponent(type, bytes, 1)) checkFiniteValues(entry, toF32(type, bytes), first)
}

/** Throws `bad_file` naming the first number that is not finite. */
export function checkFiniteValues(entry: TensorEntry, values: Float32Array, first: number): void {
  const badIndex = values.findIndex((value) => !Number.isFinite(value))
  if (badIndex < 0) return
  throw invalidTensor(
    entry,
    `holds ${values[badIndex]} at element ${first + badIndex}; a weight must be finite`,
  )
}

/** Throws `bad_file` for a scale of 2^power or more: times the largest code it would overflow to infinity. */
export function checkScaleLimit(
  entry: TensorEntry,
  bytes: Uint8Array<ArrayBuffer>,
  limits: { readonly type: ScaleDtype; readonly first: number; readonly power: number },
): void {
  const { type, first, power } = limits
  // The largest number of F16 is below every limit.
  if (!hasTopExponent(type, bytes, type === 'F16' ? 1 : 129 - power)) return
  const values = toF32(type, bytes)
  const badIndex = values.findIndex((value) => !(Math.abs(value) < 2 ** power))
  if (badIndex < 0) return
  throw invalidTensor(
    entry,
    `holds ${values[badIndex]} at element ${first + badIndex}; a scale must be below 2^${power}`,
  )
}

/**
 * Whether some number has one of the top `exponents` exponents; the topmost is that of NaN and infinity. Also
 * true if bytes follow the last whole word, so that the caller tests every number one by one; real matrices
 * have none.
 */
function hasTopExponent(type: WordTestedType, bytes: Uint8Array<ArrayBuffer>, exponents: number): boolean {
  const { mask, add, signs } = EXPONENT_MASKS[type]
  const aligned = bytes.byteOffset % 4 === 0 ? bytes : bytes.slice()
  const words = new Int32Array(aligned.buffer, aligned.byteOffset, aligned.length >> 2)
  const addend = exponents * add
  let carries = 0
  const carryOf = (i: number) => ((words[i] ?? 0) & mask) + addend
  // Four at a time takes a third less time than one by one. Words past the end count as zero, which never
  // carries.
  for (let i = 0; i < words.length; i += 4)
    carries |= carryOf(i) | carryOf(i + 1) | carryOf(i + 2) | carryOf(i + 3)
  return (carries & signs) !== 0 || aligned.length !== 4 * words.length
}
