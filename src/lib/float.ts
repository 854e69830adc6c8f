// Converts between numbers and stored float codes (F16, BF16, FP8 E4M3, E8M0), exactly and on the CPU.
import { assert } from './error.ts'

/**
 * Stored types that `toF32` reads, by their safetensors names. F8_E8M0, a power of two, is used for scales.
 */
export type FloatType = 'F64' | 'F32' | 'F16' | 'BF16' | 'F8_E4M3' | 'F8_E8M0'

/** The layout of a code: sign, exponent, mantissa (IEEE 754; FP8: arXiv 2209.05433; E8M0: OCP MX 1.0). */
interface FloatLayout {
  readonly signBit: number
  readonly mantissaBits: number
  readonly minExponent: number // of the smallest normal number; subnormals share it
  readonly overflow: number // the code of magnitudes that are too large
  readonly infinite: boolean // whether that code means infinity or the largest finite number
  readonly nan: number
}

const F16: FloatLayout = {
  signBit: 0x8000,
  mantissaBits: 10,
  minExponent: -14,
  overflow: 0x7c00,
  infinite: true,
  nan: 0x7e00,
}
const BF16: FloatLayout = {
  signBit: 0x8000,
  mantissaBits: 7,
  minExponent: -126,
  overflow: 0x7f80,
  infinite: true,
  nan: 0x7fc0,
}
const E4M3: FloatLayout = {
  signBit: 0x80,
  mantissaBits: 3,
  minExponent: -6,
  overflow: 0x7e,
  infinite: false,
  nan: 0x7f,
}

const f64 = new Float64Array(1)
const words = new Uint32Array(f64.buffer)

/** floor(log2(value)) for a positive normal number; Math.log2 may be off by one next to a power of two. */
function exponentOf(value: number): number {
  f64[0] = value
  return (((words[1] ?? 0) >>> 20) & 0x7ff) - 1023
}

function roundHalfEven(value: number): number {
  const low = Math.floor(value)
  const rest = value - low
  return rest > 0.5 || (rest === 0.5 && low % 2 === 1) ? low + 1 : low
}

function encode(layout: FloatLayout, value: number): number {
  if (Number.isNaN(value)) return layout.nan
  const sign = value < 0 || Object.is(value, -0) ? layout.signBit : 0
  const magnitude = Math.abs(value)
  const exponent = Math.max(exponentOf(magnitude), layout.minExponent)
  // In units of the last place. Neighbouring codes are neighbouring numbers, so plain addition carries from
  // the mantissa into the exponent, also from the subnormals into the normal numbers.
  const units = roundHalfEven(magnitude / 2 ** (exponent - layout.mantissaBits))
  const code = units + (exponent - layout.minExponent) * 2 ** layout.mantissaBits
  return sign | Math.min(code, layout.overflow)
}

function decode(layout: FloatLayout, code: number): number {
  const sign = code & layout.signBit ? -1 : 1
  const magnitude = code & (layout.signBit - 1)
  if (magnitude > layout.overflow) return Number.NaN
  if (magnitude === layout.overflow && layout.infinite) return sign * Number.POSITIVE_INFINITY
  const hiddenBit = 2 ** layout.mantissaBits
  const exponent = Math.floor(magnitude / hiddenBit)
  const mantissa = (magnitude % hiddenBit) + (exponent === 0 ? 0 : hiddenBit)
  return sign * mantissa * 2 ** (Math.max(exponent, 1) - 1 + layout.minExponent - layout.mantissaBits)
}

/** The IEEE half-precision code nearest to `value`, ties to even; too large becomes infinity. */
export const encodeF16 = (value: number): number => encode(F16, value)
/** The number an IEEE half-precision code means. */
export const decodeF16 = (code: number): number => decode(F16, code)
/** The bfloat16 code nearest to `value`, ties to even, rounded once from the full number. */
export const encodeBF16 = (value: number): number => encode(BF16, value)
/** The number a bfloat16 code means. */
export const decodeBF16 = (code: number): number => decode(BF16, code)
/** The FP8 E4M3 code nearest to `value`, ties to even; too large, infinity included, becomes ±448. */
export const encodeE4M3 = (value: number): number => encode(E4M3, value)
/** The number an FP8 E4M3 code means: no infinities, NaN only for 0x7f and 0xff. */
export const decodeE4M3 = (code: number): number => decode(E4M3, code)
/** The power of two that an E8M0 code means; 255 is NaN. */
export const decodeE8M0 = (code: number): number => (code === 255 ? Number.NaN : 2 ** (code - 127))

const tables = new Map<FloatType, Float32Array>()

/** Every code of a type, decoded once: a look-up is many times faster than the arithmetic. */
function tableOf(type: FloatType, codes: number, decodeCode: (code: number) => number): Float32Array {
  const table = tables.get(type) ?? Float32Array.from({ length: codes }, (_, code) => decodeCode(code))
  tables.set(type, table)
  return table
}

/**
 * Decodes little-endian stored numbers; every value of every type here but F64 is exact in f32.
 * @param bytes any alignment; a whole number of elements
 */
export function toF32(type: FloatType, bytes: Uint8Array): Float32Array<ArrayBuffer> {
  const elementBytes = { F64: 8, F32: 4, F16: 2, BF16: 2, F8_E4M3: 1, F8_E8M0: 1 }[type]
  assert(bytes.length % elementBytes === 0, `${bytes.length} bytes are not a whole number of ${type} values`)
  if (type === 'F32') return new Float32Array(bytes.slice().buffer)
  if (type === 'F64') return new Float32Array(new Float64Array(bytes.slice().buffer))
  const values = new Float32Array(bytes.length / elementBytes)
  if (type === 'BF16') {
    const bits = new Uint32Array(values.buffer) // bfloat16 is the upper half of an f32
    for (let i = 0; i < bits.length; i++) bits[i] = codeAt(bytes, i) << 16
  } else if (type === 'F16') {
    const table = tableOf(type, 65536, decodeF16)
    for (let i = 0; i < values.length; i++) values[i] = table[codeAt(bytes, i)] ?? 0
  } else {
    const table = tableOf(type, 256, type === 'F8_E4M3' ? decodeE4M3 : decodeE8M0)
    for (let i = 0; i < values.length; i++) values[i] = table[bytes[i] ?? 0] ?? 0
  }
  return values
}

/** The 16-bit code number `i`, whatever the alignment. */
function codeAt(bytes: Uint8Array, i: number): number {
  return (bytes[2 * i] ?? 0) | ((bytes[2 * i + 1] ?? 0) << 8)
}
