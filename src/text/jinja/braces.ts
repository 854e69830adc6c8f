// Formats texts with Python's str.format.
import type { Budget } from './budget.ts'
import { toRepr, toText } from './format.ts'
import { floatDigits, intDigits } from './number-format.ts'
import { type Arguments, Float, isNumber, numberOf, typeName, type Value } from './values.ts'

const SPEC = /^(?:([\s\S])?([<>=^]))?([-+ ]?)(#?)(0?)(\d*)([,_]?)(?:\.(\d+))?([a-zA-Z%]?)$/u

/** Looks up an attribute or index of a value. */
export type Lookup = (value: Value, key: Value, isIndex: boolean) => Value

/** Python's `text.format(...)`. @throws Error for a malformed field, or one that has no value */
export function formatBraces(budget: Budget, text: string, args: Arguments, lookup: Lookup): string {
  const formatter = new Formatter(budget, args, lookup)
  const formatted = formatter.format(text, 0)
  budget.text(formatted.length)
  return formatted
}

class Formatter {
  readonly #budget: Budget
  readonly #args: Arguments
  readonly #lookup: Lookup
  #next = 0 // of the fields without a name
  #numbered = false // whether some field has a number

  constructor(budget: Budget, args: Arguments, lookup: Lookup) {
    this.#budget = budget
    this.#args = args
    this.#lookup = lookup
  }

  format(text: string, depth: number): string {
    this.#budget.text(text.length)
    if (depth > 1) throw new Error('Max string recursion exceeded')
    let result = ''
    for (let at = 0; at < text.length; ) {
      const char = text.charAt(at)
      if (char !== '{' && char !== '}') {
        const plain = /[^{}]+/y
        plain.lastIndex = at
        result += plain.exec(text)?.[0] ?? ''
        at = plain.lastIndex
      } else if (text.charAt(at + 1) === char) {
        result += char
        at += 2
      } else {
        if (char === '}') throw new Error("Single '}' encountered in format string")
        const end = fieldEnd(text, at)
        result += this.#field(text.slice(at + 1, end), depth)
        this.#budget.joined(result.length)
        at = end + 1
      }
    }
    return result
  }

  #field(field: string, depth: number): string {
    const [, name = '', conversion, spec = ''] = /^([^!:]*)(?:!([^:]*))?(?::([\s\S]*))?$/.exec(field) ?? []
    const value = this.#value(name)
    const inner = /[{}]/.test(spec) ? this.format(spec, depth + 1) : spec
    if (conversion === undefined) return formatValue(this.#budget, value, inner)
    if (!/^[rsa]$/.test(conversion)) throw new Error(`Unknown conversion specifier ${conversion}`)
    const text = conversion === 's' ? toText(this.#budget, value) : toRepr(this.#budget, value)
    return formatValue(this.#budget, text, inner)
  }

  #value(name: string): Value {
    const [first = ''] = /^[^.[]*/.exec(name) ?? []
    let value: Value | undefined
    const isNumber = /^\d+$/.test(first)
    this.#numbered ||= isNumber
    if (first === '' ? this.#numbered : isNumber && this.#next > 0)
      throw new Error('cannot mix numbered fields and fields without a number')
    if (first === '' || isNumber) value = this.#args.positional[first === '' ? this.#next++ : Number(first)]
    else value = this.#args.named.get(first)
    if (value === undefined) throw new Error(`Replacement "${first}" is out of range for the arguments`)
    const rest = name.slice(first.length)
    if (rest.replace(/\.[^.[]+|\[[^\]]+\]/g, '') !== '') throw new Error('malformed field name')
    for (const [, attribute, index = ''] of rest.matchAll(/\.([^.[]+)|\[([^\]]+)\]/g)) {
      const key = attribute ?? (/^\d+$/.test(index) ? Number(index) : index)
      value = this.#lookup(value, key, attribute === undefined)
    }
    return value
  }
}

/** The index of the brace that closes a field. */
function fieldEnd(text: string, open: number): number {
  let depth = 0
  for (let at = open; at < text.length; at++) {
    if (text.charAt(at) === '{') depth++
    if (text.charAt(at) === '}' && --depth === 0) return at
  }
  throw new Error("expected '}' before end of string")
}

/** Python's `format(value, spec)`. */
function formatValue(budget: Budget, value: Value, spec: string): string {
  const match = SPEC.exec(spec)
  if (!match) throw new Error(`Invalid format specifier '${spec}'`)
  const [
    ,
    fillGiven,
    alignGiven,
    signs = '',
    alternate,
    zero,
    widthText = '',
    group = '',
    precisionText,
    type = '',
  ] = match
  const width = Number(widthText)
  budget.joined(width)
  if (isNumber(value) && (typeof value !== 'boolean' || spec !== '')) {
    const { sign, digits } = number(value, {
      signs,
      alternate: alternate === '#',
      group,
      precisionText,
      type,
    })
    return align(sign, digits, {
      fill: fillGiven ?? (zero ? '0' : ' '),
      side: alignGiven ?? (zero ? '=' : '>'),
      width,
    })
  }
  if (!(typeof value === 'string' || spec === ''))
    throw new Error(`unsupported format string passed to ${typeName(value)}.__format__`)
  if ((type !== '' && type !== 's') || signs !== '' || group !== '' || alternate !== '' || alignGiven === '=')
    throw new Error(`Unknown format code '${type}' for object of type 'str'`)
  const text = toText(budget, value)
  const cut = precisionText === undefined ? text : [...text].slice(0, Number(precisionText)).join('')
  return align('', cut, { fill: fillGiven ?? (zero ? '0' : ' '), side: alignGiven ?? '<', width })
}

interface NumberSpec {
  readonly signs: string
  readonly alternate: boolean
  readonly group: string
  readonly precisionText: string | undefined
  readonly type: string
}

function number(value: number | boolean | Float, spec: NumberSpec): { sign: string; digits: string } {
  const { signs, alternate, group, precisionText, type } = spec
  const amount = numberOf(value) ?? 0
  const isInt = !(value instanceof Float) && /^[dboxXcn]?$/.test(type)
  if (!isInt && !/^[eEfFgGn%]?$/.test(type))
    throw new Error(`Unknown format code '${type}' for object of type '${typeName(value)}'`)
  if (isInt && precisionText !== undefined)
    throw new Error('Precision not allowed in integer format specifier')
  const precision = precisionText === undefined ? undefined : Number(precisionText)
  const negative = amount < 0 || Object.is(amount, -0)
  const sign = negative ? '-' : signs === '+' || signs === ' ' ? signs : ''
  if (type === 'c') return { sign: '', digits: String.fromCodePoint(amount) }
  const digits = isInt
    ? intDigits(amount, type, alternate)
    : floatDigits(amount, type === 'n' ? 'g' : type, precision, alternate)
  return { sign, digits: group === '' ? digits : grouped(digits, group) }
}

const grouped = (digits: string, separator: string): string =>
  digits.replace(/^\d+/, (whole) => whole.replace(/\B(?=(\d{3})+$)/g, separator))

function align(
  sign: string,
  text: string,
  { fill, side, width }: { readonly fill: string; readonly side: string; readonly width: number },
): string {
  const missing = Math.max(0, width - [...text].length - sign.length)
  const filled = (count: number) => fill.repeat(count)
  if (side === '<') return sign + text + filled(missing)
  if (side === '=') return sign + filled(missing) + text
  if (side === '>') return filled(missing) + sign + text
  const before = Math.floor(missing / 2)
  return filled(before) + sign + text + filled(missing - before)
}
