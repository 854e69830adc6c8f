// Answers: are all numbers of some stored bytes finite, or below a bound? Looked at a word at a time, since every weight passes here.
// It must not know what the numbers are for.
import { toF32 } from '../lib/float.ts'
import type { TensorEntry } from './safetensors.ts'
import { brokenTensor } from './tensor-writer.ts'

/** Types whose numbers can be tested a word at a time. */
export type TestedType = 'F32' | 'F16' | 'BF16' | 'F8_E4M3'

/**
 * The bits of a word's numbers that are looked at, how far their last exponent is from the sign, and what to add to them so that
 * only those that are not finite carry into the sign. (All of E4M3's bits: its NaN is the largest code.)
 */
const CARRIES: Readonly<Record<TestedType, { mask: number; add: number; signs: number }>> = {
  F32: { mask: 0x7f800000, add: 0x00800000, signs: 0x80000000 },
  F16: { mask: 0x7c007c00, add: 0x04000400, signs: 0x80008000 },
  BF16: { mask: 0x7f807f80, add: 0x00800080, signs: 0x80008000 },
  F8_E4M3: { mask: 0x7f7f7f7f, add: 0x01010101, signs: 0x80808080 },
}

/** Kernels promise nothing for NaN and infinity, and read FP8's NaN as ±480. `first`: which element the bytes begin with. */
export function refuseNonFinite(
  entry: TensorEntry,
  type: TestedType,
  bytes: Uint8Array<ArrayBuffer>,
  first: number,
): void {
  if (someCarry(type, bytes, 1)) refuseOneOf(entry, toF32(type, bytes), first)
}

/** Finds the number that is not finite. */
export function refuseOneOf(entry: TensorEntry, values: Float32Array, first: number): void {
  const bad = values.findIndex((value) => !Number.isFinite(value))
  if (bad < 0) return
  throw brokenTensor(entry, `holds ${values[bad]} at element ${first + bad}; a weight must be finite`)
}

/** Refuses scales of 2^power and more: with the largest code, they would make infinity. */
export function refuseLargeScales(
  entry: TensorEntry,
  type: 'F32' | 'BF16',
  bytes: Uint8Array<ArrayBuffer>,
  first: number,
  power: number,
): void {
  if (!someCarry(type, bytes, 129 - power)) return
  const values = toF32(type, bytes)
  const bad = values.findIndex((value) => !(Math.abs(value) < 2 ** power))
  if (bad < 0) return
  throw brokenTensor(
    entry,
    `holds ${values[bad]} at element ${first + bad}; a scale must be below 2^${power}`,
  )
}

/**
 * Whether some number is not finite, or its exponent is among the last `exponents` there are. Bytes behind the last whole word
 * count as such: they are looked at number by number, and all others with them; real matrices have none.
 */
function someCarry(type: TestedType, bytes: Uint8Array<ArrayBuffer>, exponents: number): boolean {
  const { mask, add, signs } = CARRIES[type]
  const aligned = bytes.byteOffset % 4 === 0 ? bytes : bytes.slice()
  const words = new Int32Array(aligned.buffer, aligned.byteOffset, aligned.length >> 2)
  const added = exponents * add
  let carries = 0
  const carryOf = (i: number) => ((words[i] ?? 0) & mask) + added
  // Four at a time: a third less time than one by one. What lies behind the end counts as zero, which never carries.
  for (let i = 0; i < words.length; i += 4)
    carries |= carryOf(i) | carryOf(i + 1) | carryOf(i + 2) | carryOf(i + 3)
  return (carries & signs) !== 0 || aligned.length !== 4 * words.length
}
