// Formats numbers as Python's format specifications and % operator do.
import { floatRepr, pythonExponent } from './format.ts'

const MAX_DIGITS = 100 // of what JavaScript formats

/** The digits of a number without sign: types f, F, e, E, g, G, % of floats; "" prints as `repr` does. */
export function floatDigits(
  value: number,
  type: string,
  precision: number | undefined,
  alternate = false,
): string {
  const size = Math.abs(value)
  const lower = type.toLowerCase()
  const upper = (text: string) => (type === lower ? text : text.toUpperCase())
  if (!Number.isFinite(size)) return upper(floatRepr(size))
  const digits = precision ?? 6
  if (digits > MAX_DIGITS) throw new Error(`it formats a number with more than ${MAX_DIGITS} digits`)
  if (lower === 'e') return upper(exponential(size, digits))
  if (lower === 'f') return fixed(size, digits)
  if (lower === '%') return `${fixed(size * 100, digits)}%`
  if (type === '' && precision === undefined) return floatRepr(size)
  return upper(general(size, Math.max(1, digits), alternate, type === ''))
}

/** JavaScript rounds decimals of a number exactly, as Python does, but ties away from zero. */
export function fixed(size: number, digits: number): string {
  if (size >= 1e21) return `${BigInt(size)}${digits > 0 ? `.${'0'.repeat(digits)}` : ''}`
  const text = size.toFixed(digits)
  if (!isTie(size, digits)) return text
  const last = text.at(-1) ?? '0'
  return Number(last) % 2 === 0 ? text : below(text, digits)
}

/** Whether a number lies exactly between two decimals: its exact digits end in a 5 behind them. */
function isTie(size: number, digits: number): boolean {
  if (digits + 1 > MAX_DIGITS) return false
  const exact = size.toFixed(Math.min(MAX_DIGITS, digits + 30))
  const rest = exact.slice(exact.indexOf('.') + 1 + digits)
  return /^50*$/.test(rest)
}

/** The decimal below. */
function below(text: string, digits: number): string {
  const less = (BigInt(text.replace('.', '')) - 1n).toString().padStart(digits + 1, '0')
  return digits === 0 ? less : `${less.slice(0, -digits)}.${less.slice(-digits)}`
}

function exponential(size: number, digits: number): string {
  const [mantissa = '', exponent = ''] = size.toExponential(digits).split('e')
  return `${mantissa}e${pythonExponent(Number(exponent))}`
}

function general(size: number, digits: number, alternate: boolean, isPlain: boolean): string {
  const power = size === 0 ? 0 : Number(size.toExponential(digits - 1).split('e')[1])
  const isExponential = power < -4 || power >= digits - (isPlain ? 1 : 0)
  const text = isExponential ? exponential(size, digits - 1) : fixed(size, digits - 1 - power)
  if (alternate) return text
  const [mantissa = '', exponent] = text.split('e')
  const short = mantissa.includes('.') ? mantissa.replace(/\.?0+$/, '') : mantissa
  if (exponent !== undefined) return `${short}e${exponent}`
  return isPlain && !short.includes('.') ? `${short}.0` : short
}

/** The digits of an int without sign: types d, b, o, x, X. */
export function intDigits(value: number, type: string, alternate: boolean): string {
  const base = { b: 2, o: 8, x: 16, X: 16 }[type] ?? 10
  const digits = Math.abs(value).toString(base)
  const prefix = alternate && base !== 10 ? `0${type.toLowerCase()}` : ''
  return type === 'X' ? (prefix + digits).toUpperCase() : prefix + digits
}
