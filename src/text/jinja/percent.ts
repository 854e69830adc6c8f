// Formats texts with Python's % operator.
import type { Budget } from './budget.ts'
import { codeEscape, toRepr, toText } from './format.ts'
import { floatDigits, intDigits } from './number-format.ts'
import { Dict, Float, isList, numberOf, refuseUndefined, Tuple, typeName, type Value } from './values.ts'

const FIELD = /%(?:\(([^()]*)\))?([-+ #0]*)(\*|\d*)(?:\.(\*|\d*))?[hlL]?([\s\S]?)/g

/** Python's `text % values`. @throws Error if values are missing, left over or of the wrong type */
export function formatPercent(budget: Budget, text: string, values: Value): string {
  budget.text(text.length)
  const list = values instanceof Tuple ? values.items : [values]
  let used = 0
  const next = (): Value => {
    const value = list[used++]
    if (value === undefined) throw new Error('not enough arguments for format string')
    return value
  }
  const numberFrom = (digits: string | undefined): number | undefined => {
    if (digits === undefined) return undefined
    return digits === '*' ? intOf(next(), 'd') : Number(digits)
  }
  const formatted = text.replace(FIELD, (_, key, flags: string, widthText: string, precisionText, type) => {
    if (type === '%') return '%'
    const width = numberFrom(widthText || undefined) ?? 0
    const precision = numberFrom(precisionText)
    const value = key === undefined ? next() : keyed(values, key)
    budget.joined(width)
    const field = convert(budget, value, { type, flags, precision })
    return pad(field, flags, width)
  })
  const isMapping = values instanceof Dict || isList(values) // Python takes a list for a mapping here
  if (used < list.length && !isMapping)
    throw new Error('not all arguments converted during string formatting')
  budget.text(formatted.length)
  return formatted
}

function keyed(values: Value, key: string): Value {
  if (!(values instanceof Dict)) throw new Error('format requires a mapping')
  const value = values.get(key)
  if (value === undefined) throw new Error(`KeyError: '${key}'`)
  return value
}

interface Field {
  readonly sign: string
  readonly text: string
  readonly isNumber: boolean
}
type Conversion = { readonly type: string; readonly flags: string; readonly precision: number | undefined }

function convert(budget: Budget, value: Value, { type, flags, precision }: Conversion): Field {
  const alternate = flags.includes('#')
  const signed = (number: number, text: string): Field => {
    const negative = number < 0 || Object.is(number, -0)
    const sign = negative ? '-' : flags.includes('+') ? '+' : flags.includes(' ') ? ' ' : ''
    return { sign, text, isNumber: true }
  }
  if (/[sra]/.test(type)) {
    const text = type === 's' ? toText(budget, value) : toRepr(budget, value)
    const shown = type === 'a' ? text.replace(/[\x80-\u{10ffff}]/gu, codeEscape) : text
    const cut = precision === undefined ? shown : [...shown].slice(0, precision).join('')
    return { sign: '', text: cut, isNumber: false }
  }
  if (type === 'c') return { sign: '', text: character(value), isNumber: false }
  if (/[diuoxX]/.test(type)) {
    const number = intOf(value, type)
    const digits = intDigits(number, type, alternate)
    return signed(number, digits.padStart(precision ?? 0, '0'))
  }
  if (!/[eEfFgG]/.test(type)) throw new Error(`unsupported format character '${type}'`)
  refuseUndefined(value)
  const number = numberOf(value)
  if (number === undefined) throw new Error(`must be real number, not ${typeName(value)}`)
  return signed(number, floatDigits(number, type, precision, alternate))
}

function pad({ sign, text, isNumber }: Field, flags: string, width: number): string {
  const missing = Math.max(0, width - [...text].length - sign.length)
  if (flags.includes('-')) return sign + text + ' '.repeat(missing)
  if (flags.includes('0') && isNumber) return sign + '0'.repeat(missing) + text
  return ' '.repeat(missing) + sign + text
}

function character(value: Value): string {
  if (typeof value === 'number') return String.fromCodePoint(value)
  if (typeof value === 'string' && [...value].length === 1) return value
  throw new Error('%c requires int or char')
}

function intOf(value: Value, type: string): number {
  refuseUndefined(value)
  const number = numberOf(value)
  if (number === undefined || (/[oxX]/.test(type) && value instanceof Float))
    throw new Error(`%${type} format: a real number is required, not ${typeName(value)}`)
  return Math.trunc(number)
}
