// Prints values as Python does: str, repr and JSON.
import type { Budget } from './budget.ts'
import { compare } from './compare.ts'
import {
  Callable,
  Dict,
  DictView,
  Float,
  isList,
  itemsOf,
  Lazy,
  listOf,
  Namespace,
  Native,
  Range,
  refuseUndefined,
  Tuple,
  typeName,
  Undefined,
  type Value,
} from './values.ts'

/** Python's `str`. */
export function toText(budget: Budget, value: Value): string {
  if (typeof value === 'string') return value
  if (typeof value === 'number') return String(value)
  if (value instanceof Undefined) return ''
  return toRepr(budget, value)
}

/** Python's `repr`. */
export function toRepr(budget: Budget, value: Value): string {
  return new Printer(budget).print(value)
}

class Printer {
  readonly #budget: Budget
  #size = 0 // printed so far: a list that is in another many times is printed as often
  constructor(budget: Budget) {
    this.#budget = budget
  }

  print(value: Value): string {
    const text = scalarRepr(value)
    if (text === undefined) return this.#budget.nested(() => this.#container(value))
    this.#size += text.length
    this.#budget.appended(8 * text.length, this.#size)
    return text
  }

  #container(value: Value): string {
    this.#budget.spend(1)
    if (isList(value)) return `[${this.#list(value)}]`
    if (value instanceof Tuple) return `(${this.#list(value.items)}${value.items.length === 1 ? ',' : ''})`
    if (value instanceof Dict) return `{${this.#entries(value)}}`
    if (value instanceof DictView) return `dict_${value.kind}([${this.#list([...value])}])`
    if (value instanceof Range) {
      const step = value.step === 1 ? '' : `, ${value.step}`
      return `range(${value.start}, ${value.stop}${step})`
    }
    if (value instanceof Namespace) return `<Namespace {${this.#entries(new Dict(value.attributes))}}>`
    if (value instanceof Native && value.print) return value.print()
    const name = value instanceof Callable ? `function ${value.name}` : `${typeName(value)} object`
    return value instanceof Lazy ? '<generator object>' : `<${name}>`
  }

  #list(items: readonly Value[]): string {
    return items.map((item) => this.print(item)).join(', ')
  }

  #entries(dict: Dict): string {
    return [...dict.entries()].map(([key, value]) => `${this.print(key)}: ${this.print(value)}`).join(', ')
  }
}

function scalarRepr(value: Value): string | undefined {
  if (value === null) return 'None'
  if (typeof value === 'boolean') return value ? 'True' : 'False'
  if (typeof value === 'number') return String(value)
  if (typeof value === 'string') return quote(value)
  if (value instanceof Float) return floatRepr(value.value)
  return value instanceof Undefined ? 'Undefined' : undefined
}

/** Python writes exponents from 1e16 on and below 1e-4, JavaScript from 1e21 on and below 1e-6. */
export function floatRepr(value: number): string {
  if (Number.isNaN(value)) return 'nan'
  if (!Number.isFinite(value)) return value > 0 ? 'inf' : '-inf'
  const [digits = '', exponent = ''] = value.toExponential().split('e')
  const power = Number(exponent)
  if (power < -4 || power >= 16) return `${digits}e${pythonExponent(power)}`
  if (Object.is(value, -0)) return '-0.0'
  const text =
    power < 0 ? value.toFixed(Math.max(0, digits.replace(/[-.]/g, '').length - 1 - power)) : String(value)
  return text.includes('.') ? text : `${text}.0`
}

/** An exponent with its sign and at least two digits. */
export const pythonExponent = (power: number): string =>
  `${power < 0 ? '-' : '+'}${String(Math.abs(power)).padStart(2, '0')}`

const UNPRINTABLE = /[\p{C}\p{Z}]/u
const SHORT = new Map(Object.entries({ '\n': '\\n', '\r': '\\r', '\t': '\\t', '\\': '\\\\' }))

function quote(text: string): string {
  const sign = text.includes("'") && !text.includes('"') ? '"' : "'"
  const escaped = text.replace(/[\\'\p{C}\p{Z}]/gu, (char) => {
    if (char === "'") return sign === "'" ? "\\'" : char
    if (char === ' ') return char
    return SHORT.get(char) ?? codeEscape(char)
  })
  return sign + escaped + sign
}

export const isPrintable = (char: string): boolean => char === ' ' || !UNPRINTABLE.test(char)

/** A character as \x, \u or \U with 2, 4 or 8 digits. */
export function codeEscape(char: string): string {
  const code = char.codePointAt(0) ?? 0
  const hex = code.toString(16)
  if (code < 0x100) return `\\x${hex.padStart(2, '0')}`
  return code < 0x10000 ? `\\u${hex.padStart(4, '0')}` : `\\U${hex.padStart(8, '0')}`
}

export interface JsonOptions {
  readonly ascii: boolean
  readonly indent: string | undefined
  readonly separators: readonly [string, string]
  readonly sortKeys: boolean
}

/** Python's `json.dumps`. @throws Error for what is not JSON */
export function toJson(budget: Budget, value: Value, options: JsonOptions): string {
  return new JsonWriter(budget, options).write(value, 0)
}

class JsonWriter {
  readonly #budget: Budget
  readonly #options: JsonOptions
  #size = 0

  constructor(budget: Budget, options: JsonOptions) {
    this.#budget = budget
    this.#options = options
  }

  write(value: Value, depth: number): string {
    if (typeof value === 'string') return this.#paid(jsonText(value, this.#options.ascii))
    if (value === null || typeof value === 'boolean') return this.#paid(String(value))
    if (typeof value === 'number') return this.#paid(String(value))
    if (value instanceof Float) return this.#paid(jsonFloat(value.value))
    if (value instanceof Dict) {
      const entries = [...value.entries()]
      if (this.#options.sortKeys) entries.sort(([a], [b]) => compare(this.#budget, a, b))
      const [, colon] = this.#options.separators
      return this.#bracket('{', '}', depth, entries, ([key, item]) => {
        const name = this.#paid(jsonText(this.#key(key), this.#options.ascii))
        return `${name}${colon}${this.write(item, depth + 1)}`
      })
    }
    const items = itemsOf(value)
    if (items) return this.#bracket('[', ']', depth, items, (item) => this.write(item, depth + 1))
    throw new Error(`Object of type ${typeName(value)} is not JSON serializable`)
  }

  #bracket<T>(open: string, close: string, depth: number, items: readonly T[], write: (item: T) => string) {
    if (items.length === 0) return this.#paid(open + close)
    const { indent, separators } = this.#options
    const line = (level: number) => (indent === undefined ? '' : `\n${indent.repeat(level)}`)
    this.#pay(items.length * (line(0).length + (indent?.length ?? 0) * (depth + 1) + separators[0].length))
    return this.#budget.nested(() => {
      const written = items.map(write).join(separators[0] + line(depth + 1))
      return `${open}${line(depth + 1)}${written}${line(depth)}${close}`
    })
  }

  #paid(text: string): string {
    this.#pay(text.length)
    return text
  }

  #pay(size: number): void {
    this.#size += size
    this.#budget.appended(8 * size, this.#size)
  }

  #key(key: Value): string {
    if (typeof key === 'string') return key
    if (key === null || typeof key === 'boolean' || typeof key === 'number') return String(key)
    if (key instanceof Float) return jsonFloat(key.value)
    refuseUndefined(key)
    throw new Error(`keys must be str, int, float, bool or None, not ${typeName(key)}`)
  }
}

const jsonFloat = (value: number): string =>
  Number.isFinite(value)
    ? floatRepr(value)
    : Number.isNaN(value)
      ? 'NaN'
      : value > 0
        ? 'Infinity'
        : '-Infinity'

function jsonText(text: string, ascii: boolean): string {
  const json = JSON.stringify(text)
  // JavaScript escapes halves of surrogate pairs, Python does not; a text may also hold a backslash itself.
  if (!ascii)
    return json.replace(/\\(?:\\|u(d[89a-f][\da-f]{2}))/g, (whole, hex) =>
      hex === undefined ? whole : String.fromCharCode(Number.parseInt(hex, 16)),
    )
  return json.replace(/[\x7f-\uffff]/g, (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`)
}

/** A separator given as a list of two texts. */
export function separatorsOf(
  budget: Budget,
  value: Value | undefined,
  indent: string | undefined,
): [string, string] {
  if (value === undefined || value === null) return [indent === undefined ? ', ' : ',', ': ']
  const [item, colon, ...rest] = listOf(budget, value)
  if (typeof item !== 'string' || typeof colon !== 'string' || rest.length > 0)
    throw new Error('"separators" must be two texts')
  return [item, colon]
}
