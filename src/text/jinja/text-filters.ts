// Jinja's filters of texts and numbers. They take any value as a text.
import type { Budget } from './budget.ts'
import { type BuiltIn, builtIns, intArgument, textArgument } from './call.ts'
import { CodePoints } from './code-points.ts'
import { separatorsOf, toJson, toRepr, toText } from './format.ts'
import { fixed, floatDigits } from './number-format.ts'
import { toInt } from './operators.ts'
import { capitalize, STRING_METHODS } from './string-methods.ts'
import { replace, split, splitLines, strip } from './strip.ts'
import {
  Dict,
  Float,
  isTrue,
  itemsOf,
  iterate,
  numberOf,
  refuseUndefined,
  sizeOf,
  Tuple,
  typeName,
  Undefined,
  type Value,
} from './values.ts'
import { wrapWords } from './wrap.ts'

type Filter = BuiltIn['call']

/** A filter that reads a value as a text. */
const onText =
  (act: (text: string, ...args: (Value | undefined)[]) => Value): Filter =>
  (budget, value, ...args) => {
    const text = toText(budget, value)
    budget.text(text.length)
    return act(text, ...args)
  }

const ENTITIES = new Map(
  Object.entries({ '&': '&amp;', '<': '&lt;', '>': '&gt;', "'": '&#39;', '"': '&#34;' }),
)
const escapeHtml: Filter = (budget, value) => {
  const text = toText(budget, value)
  budget.text(6 * text.length)
  return text.replace(/[&<>'"]/g, (char) => ENTITIES.get(char) ?? char)
}

const titled = (text: string): string =>
  text
    .split(/([-\s({[<]+)/)
    .map((item) => capitalize(item))
    .join('')

const indent: Filter = (budget, value, width = 4, first = false, blank = false) => {
  refuseUndefined(value)
  const text = textArgument(value)
  const count = typeof width === 'string' ? 0 : Math.max(0, intArgument(width))
  const size = typeof width === 'string' ? width.length : count
  budget.text(text.length)
  const lines = splitLines(`${text}\n`, false)
  budget.text(text.length + size * lines.length)
  const by = typeof width === 'string' ? width : ' '.repeat(count)
  const indented = lines.map((line, index) =>
    index > 0 && (line !== '' || isTrue(blank)) ? by + line : line,
  )
  return (isTrue(first) ? by : '') + indented.join('\n')
}

const truncate: Filter = (budget, value, length = 255, killWords = false, end = '...', leeway = 5) => {
  const points = new CodePoints(textArgument(value))
  budget.text(points.length)
  const dots = textArgument(end)
  const most = intArgument(length)
  if (most < dots.length) throw new Error(`expected length >= ${dots.length}, got ${most}`)
  if (points.length <= most + (leeway === null ? 5 : intArgument(leeway))) return value
  const cut = points.slice(0, most - dots.length)
  return (isTrue(killWords) ? cut : (split(cut, ' ', 1, true)[0] ?? '')) + dots
}

/** A float of a number or a text; undefined if it is neither. */
function parseFloatOf(value: Value): number | undefined {
  refuseUndefined(value)
  if (typeof value !== 'string') return numberOf(value)
  const text = strip(value, null, 'both').toLowerCase()
  const special = /^([+-]?)(inf|infinity|nan)$/.exec(text)
  if (special) return special[2] === 'nan' ? Number.NaN : special[1] === '-' ? -Infinity : Infinity
  return /^[+-]?(\d+(_\d+)*\.?(\d+(_\d+)*)?|\.\d+(_\d+)*)(e[+-]?\d+)?$/.test(text)
    ? Number(text.replaceAll('_', ''))
    : undefined
}

/** An int of a text in a base from 2 to 36; undefined if it is none. */
function parseIntOf(value: string, base: number): number | undefined {
  const text = strip(value, null, 'both')
    .toLowerCase()
    .replace(/(?<=[\da-z])_(?=[\da-z])/g, '')
  const [, sign, prefix, digits = ''] = /^([+-]?)(0[box])?([\da-z]+)$/.exec(text) ?? []
  const prefixBase = { '0b': 2, '0o': 8, '0x': 16 }[prefix ?? '']
  if (prefix !== undefined && prefixBase !== base)
    return base > 10 ? parseIntOf(`${sign}${digits}`, base) : undefined
  const allowed = '0123456789abcdefghijklmnopqrstuvwxyz'.slice(0, base)
  if (digits === '' || ![...digits].every((digit) => allowed.includes(digit))) return undefined
  return toInt(Number.parseInt(digits, base) * (sign === '-' ? -1 : 1))
}

const toIntFilter: Filter = (_, value, missing = 0, base = 10) => {
  const parsed = typeof value === 'string' ? parseIntOf(value, intArgument(base)) : undefined
  if (parsed !== undefined) return parsed
  const number = parseFloatOf(value)
  return number === undefined || !Number.isFinite(number) ? missing : toInt(Math.trunc(number))
}

const round: Filter = (_, value, precision = 0, method = 'common') => {
  refuseUndefined(value)
  const number = numberOf(value)
  if (number === undefined) throw new Error(`type ${typeName(value)} cannot be rounded`)
  const digits = intArgument(precision)
  const scale = 10 ** digits
  if (method === 'ceil') return new Float(Math.ceil(number * scale) / scale)
  if (method === 'floor') return new Float(Math.floor(number * scale) / scale)
  if (method !== 'common') throw new Error('method must be common, ceil or floor')
  const rounded =
    digits >= 0 ? Number(fixed(Math.abs(number), digits)) : Math.round(Math.abs(number) * scale) / scale
  const signed = number < 0 ? -rounded : rounded
  return value instanceof Float ? new Float(signed) : toInt(signed)
}

function fileSize(value: Value, binary: boolean): string {
  const size = parseFloatOf(value)
  if (size === undefined) throw new Error('a file size must be a number')
  const base = binary ? 1024 : 1000
  if (size === 1) return '1 Byte'
  if (size < base) return `${Math.trunc(size)} Bytes`
  const units = 'kMGTPEZY'
  const power = [...units].findIndex((_, index) => size < base ** (index + 2))
  const index = power < 0 ? units.length - 1 : power
  const unit = binary ? `${units.charAt(index).toUpperCase()}iB` : `${units.charAt(index)}B`
  return `${floatDigits((base * size) / base ** (index + 2), 'f', 1)} ${unit}`
}

function quoteUrl(budget: Budget, value: Value, forQuery: boolean): string {
  const text = toText(budget, value)
  budget.text(9 * text.length)
  const quoted = encodeURIComponent(text).replace(
    /[!'()*]/g,
    (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`,
  )
  return forQuery ? quoted.replaceAll('%20', '+') : quoted.replaceAll('%2F', '/')
}

const urlEncode: Filter = (budget, value) => {
  const isPlain = typeof value === 'string' || !(value instanceof Dict || itemsOf(value))
  if (isPlain) return quoteUrl(budget, value, false)
  const pairs =
    value instanceof Dict ? [...value.entries()] : [...iterate(value)].map((pair) => itemsOf(pair) ?? [])
  return pairs.map((pair) => pair.map((item) => quoteUrl(budget, item, true)).join('=')).join('&')
}

const json: Filter = (budget, value, ascii = false, indentBy = null, separators = null, sortKeys = false) => {
  const width = typeof indentBy === 'number' || typeof indentBy === 'boolean' ? Number(indentBy) : undefined
  if (width !== undefined) budget.joined(width)
  const by =
    width === undefined
      ? indentBy === null
        ? undefined
        : textArgument(indentBy)
      : ' '.repeat(Math.max(0, width))
  return toJson(budget, value, {
    ascii: isTrue(ascii),
    indent: by,
    separators: separatorsOf(budget, separators, by),
    sortKeys: isTrue(sortKeys),
  })
}

const method =
  (name: string): Filter =>
  (budget, value, ...args) => {
    const call = STRING_METHODS.get(name)?.call
    if (!call) throw new Error(`there is no method ${name}`)
    return call(budget, toText(budget, value), ...args)
  }

export const TEXT_FILTERS = builtIns({
  abs: (_, value) => {
    refuseUndefined(value)
    const number = numberOf(value)
    if (number === undefined) throw new Error(`bad operand type for abs(): '${typeName(value)}'`)
    return value instanceof Float ? new Float(Math.abs(number)) : Math.abs(number)
  },
  capitalize: onText(capitalize),
  'center width?': (budget, value, width = 80) => method('center')(budget, value, width),
  'd default_value? boolean?': orDefault,
  'default default_value? boolean?': orDefault,
  e: escapeHtml,
  escape: escapeHtml,
  forceescape: escapeHtml,
  'filesizeformat binary?': (_, value, binary = false) => fileSize(value, isTrue(binary)),
  'float default?': (_, value, missing = new Float(0)) => {
    const number = parseFloatOf(value)
    return number === undefined ? missing : new Float(number)
  },
  'indent width? first? blank?': indent,
  'int default? base?': toIntFilter,
  count: length,
  length,
  lower: method('lower'),
  pprint: (budget, value) => toRepr(budget, value),
  'replace old new count?': (budget, value, old = '', by = '', count = null) =>
    replace(
      budget,
      toText(budget, value),
      toText(budget, old),
      toText(budget, by),
      count === null ? -1 : intArgument(count),
    ),
  'round precision? method?': round,
  safe: (budget, value) => toText(budget, value),
  string: (budget, value) => toText(budget, value),
  striptags: onText((text) => split(text.replace(/<!--[\s\S]*?-->|<[^>]*>/g, ''), null, -1).join(' ')),
  title: onText(titled),
  'tojson ensure_ascii? indent? separators? sort_keys?': json,
  'trim chars?': method('strip'),
  'truncate length? killwords? end? leeway?': truncate,
  upper: method('upper'),
  urlencode: urlEncode,
  wordcount: onText((text) => text.match(/[\p{L}\p{N}_]+/gu)?.length ?? 0),
  'wordwrap width? break_long_words? wrapstring? break_on_hyphens?': (budget, value, width = 79, ...rest) =>
    wrapWords(budget, textArgument(value), intArgument(width), rest),
})

function orDefault(_: Budget, value: Value, missing: Value = '', boolean: Value = false): Value {
  return value instanceof Undefined || (isTrue(boolean) && !isTrue(value)) ? missing : value
}

function length(_: Budget, value: Value): Value {
  const size = sizeOf(value)
  if (size === undefined) throw new Error(`object of type '${typeName(value)}' has no len()`)
  return size
}

/** The pairs of `items`. */
export const pairsOf = (value: Value): Iterable<Value> => {
  if (value instanceof Undefined) return []
  if (!(value instanceof Dict)) throw new Error('Can only get item pairs from a mapping.')
  return [...value.entries()].map((pair) => new Tuple(pair))
}
