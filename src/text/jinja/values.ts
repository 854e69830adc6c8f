// Values of a template as Python has them. Texts, integers, booleans, None and lists are JavaScript's own;
// nothing a template does reaches a property of a JavaScript object.
import type { Budget } from './budget.ts'

export type Value = null | boolean | number | string | readonly Value[] | PythonObject
export type PythonObject =
  | Float
  | Undefined
  | Tuple
  | Dict
  | DictView
  | Range
  | Lazy
  | Namespace
  | Callable
  | Native

/** A Python float; a plain number is an int. */
export class Float {
  readonly value: number
  constructor(value: number) {
    this.value = value
  }
}

/** The result of looking up what is not there; most uses of it fail with its reason. */
export class Undefined {
  readonly reason: string
  constructor(reason: string) {
    this.reason = reason
  }
}

export class Tuple {
  readonly items: readonly Value[]
  /** Attributes by position, as a named tuple has them. */
  readonly names: readonly string[]
  constructor(items: readonly Value[], names: readonly string[] = []) {
    this.items = items
    this.names = names
  }
}

/** A dict in insertion order. Keys that are equal in Python share an entry. */
export class Dict {
  readonly #entries = new Map<unknown, readonly [key: Value, value: Value]>()

  constructor(entries: Iterable<readonly [Value, Value]> = []) {
    for (const [key, value] of entries) this.set(key, value)
  }

  get size(): number {
    return this.#entries.size
  }

  get(key: Value): Value | undefined {
    return this.#entries.get(hashed(key))?.[1]
  }

  /** Only for building: a template changes no dict. */
  set(key: Value, value: Value): void {
    const hash = hashed(key)
    const known = this.#entries.get(hash)
    this.#entries.set(hash, [known ? known[0] : key, value])
  }

  entries(): Iterable<readonly [key: Value, value: Value]> {
    return this.#entries.values()
  }

  *keys(): Generator<Value> {
    for (const [key] of this.entries()) yield key
  }
}

/** What stands for a value in a map, so that equal keys meet. @throws Error if it cannot be a key */
export function hashed(value: Value): unknown {
  if (typeof value === 'boolean') return Number(value)
  if (value instanceof Float) return value.value
  if (value instanceof Undefined) return Undefined
  // A text cannot begin with this, because a template's texts hold no half of a surrogate pair.
  if (value instanceof Tuple) return `\udc00${JSON.stringify(value.items.map(tagged))}`
  if (Array.isArray(value) || value instanceof Dict) throw new Error(`unhashable type: '${typeName(value)}'`)
  return value
}

function tagged(item: Value): unknown {
  const hash = hashed(item)
  if (typeof hash === 'function' || typeof hash === 'object') return hash === null ? null : [typeName(item)]
  return hash
}

/** The live result of a dict's `keys()`, `values()` or `items()`. */
export class DictView {
  readonly kind: 'keys' | 'values' | 'items'
  readonly dict: Dict
  constructor(kind: DictView['kind'], dict: Dict) {
    this.kind = kind
    this.dict = dict
  }
  *[Symbol.iterator](): Generator<Value> {
    for (const [key, value] of this.dict.entries())
      yield this.kind === 'keys' ? key : this.kind === 'values' ? value : new Tuple([key, value])
  }
}

export class Range {
  readonly start: number
  readonly stop: number
  readonly step: number
  readonly length: number
  constructor(start: number, stop: number, step: number) {
    this.start = start
    this.stop = stop
    this.step = step
    this.length = Math.max(0, Math.ceil((stop - start) / step))
  }
  at(index: number): number {
    return this.start + index * this.step
  }
  *[Symbol.iterator](): Generator<Value> {
    for (let index = 0; index < this.length; index++) yield this.at(index)
  }
}

/** A generator or iterator: what it yields can be taken once. */
export class Lazy {
  readonly iterator: Iterator<Value>
  constructor(items: Iterable<Value>) {
    this.iterator = items[Symbol.iterator]()
  }
  [Symbol.iterator](): Iterator<Value> {
    return { next: () => this.iterator.next() } // a loop that breaks off leaves the rest for the next one
  }
}

/** The only value whose parts a template can change. */
export class Namespace {
  readonly attributes = new Map<string, Value>()
}

/** Arguments of a call. */
export interface Arguments {
  readonly positional: readonly Value[]
  readonly named: ReadonlyMap<string, Value>
}

export class Callable {
  readonly name: string
  readonly call: (budget: Budget, args: Arguments) => Value
  constructor(name: string, call: Callable['call']) {
    this.name = name
    this.call = call
  }
}

/** An object with attributes of its own, such as `loop`; callable if it has `call`. */
export class Native {
  readonly typeName: string
  readonly attribute: (name: string) => Value | undefined
  readonly call: Callable['call'] | undefined
  readonly print: (() => string) | undefined
  constructor(
    typeName: string,
    attribute: Native['attribute'],
    options: { readonly call?: Callable['call']; readonly print?: () => string } = {},
  ) {
    this.typeName = typeName
    this.attribute = attribute
    this.call = options.call
    this.print = options.print
  }
}

/** A value, or another where there is none; None is a value. */
export const definedOr = (value: Value | undefined, missing: () => Value): Value =>
  value === undefined ? missing() : value

/** The name of a value's class in Python. */
export function typeName(value: Value): string {
  if (value === null) return 'NoneType'
  if (typeof value === 'boolean') return 'bool'
  if (typeof value === 'number') return 'int'
  if (typeof value === 'string') return 'str'
  if (Array.isArray(value)) return 'list'
  if (value instanceof Float) return 'float'
  if (value instanceof Undefined) return 'Undefined'
  if (value instanceof Tuple) return 'tuple'
  if (value instanceof Dict) return 'dict'
  if (value instanceof DictView) return `dict_${value.kind}`
  if (value instanceof Range) return 'range'
  if (value instanceof Lazy) return 'generator'
  if (value instanceof Namespace) return 'Namespace'
  return value instanceof Native ? value.typeName : 'builtin_function_or_method'
}

export const isList = (value: Value): value is readonly Value[] => Array.isArray(value)
export const isNumber = (value: Value): value is number | boolean | Float =>
  typeof value === 'number' || typeof value === 'boolean' || value instanceof Float
/** The number that a value is, a boolean counting as 0 or 1; undefined for other values. */
export const numberOf = (value: Value): number | undefined =>
  isNumber(value) ? (value instanceof Float ? value.value : Number(value)) : undefined
/** The items of a list or tuple; undefined for other values. */
export const itemsOf = (value: Value): readonly Value[] | undefined =>
  value instanceof Tuple ? value.items : isList(value) ? value : undefined

/** Fails where an undefined value is used; does nothing with other values. */
export function refuseUndefined(value: Value): void {
  if (value instanceof Undefined) throw new Error(value.reason)
}

export function isTrue(value: Value): boolean {
  if (value === null || value === false || value === '' || value === 0) return false
  if (value instanceof Undefined) return false
  if (value instanceof Float) return value.value !== 0
  return sizeOf(value) !== 0
}

/** What Python's `len` counts, or undefined where there is nothing to count. Texts count code points. */
export function sizeOf(value: Value): number | undefined {
  if (typeof value === 'string') return countCodePoints(value)
  const items = itemsOf(value)
  if (items) return items.length
  if (value instanceof Undefined) return 0
  if (value instanceof Dict) return value.size
  if (value instanceof DictView) return value.dict.size
  return value instanceof Range ? value.length : undefined
}

const PAIR = /[\ud800-\udbff][\udc00-\udfff]/g
/** True if a text has code points of two code units. */
export const hasPairs = (text: string): boolean => /[\ud800-\udbff]/.test(text)
export const countCodePoints = (text: string): number =>
  hasPairs(text) ? text.length - (text.match(PAIR)?.length ?? 0) : text.length

/** The items that a loop visits. @throws Error if there are none to visit */
export function iterate(value: Value): Iterable<Value> {
  if (typeof value === 'string') return value
  if (value instanceof Undefined) return []
  if (value instanceof Dict) return value.keys()
  if (value instanceof DictView || value instanceof Range || value instanceof Lazy) return value
  const items = itemsOf(value)
  if (items) return items
  throw new Error(`'${typeName(value)}' object is not iterable`)
}

/** All items of a value, paid for one by one: what makes them may never end. */
export function listOf(budget: Budget, value: Value): readonly Value[] {
  const items = itemsOf(value)
  if (items) {
    budget.items(items.length)
    return items
  }
  const list: Value[] = []
  for (const item of iterate(value)) {
    budget.spend(1)
    list.push(item)
  }
  return list
}

/** Copies plain data into values, and counts its characters and elements. */
export class DataReader {
  size = 0

  read(data: unknown): Value {
    this.size++
    switch (typeof data) {
      case 'string':
        this.size += data.length
        return data
      case 'number':
        return Number.isInteger(data) ? data : new Float(data)
      case 'boolean':
        return data
      case 'object':
        if (data === null) return null
        if (Array.isArray(data)) return data.map((item) => this.read(item))
        return this.#readObject(data)
      default:
        return new Undefined('a variable is undefined')
    }
  }

  #readObject(data: object): Value {
    const dict = new Dict()
    for (const [key, value] of Object.entries(data)) {
      this.size += key.length
      if (value !== undefined) dict.set(key, this.read(value))
    }
    return dict
  }
}
