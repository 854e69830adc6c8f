// Attributes, indices and slices of values. Only what is listed here can be reached.
import { formatBraces } from './braces.ts'
import type { Budget } from './budget.ts'
import { type BuiltIn, boundMethod, builtIns, intArgument } from './call.ts'
import { CodePoints, sliceBounds } from './code-points.ts'
import { isEqual } from './compare.ts'
import { STRING_METHODS } from './string-methods.ts'
import {
  Callable,
  Dict,
  DictView,
  definedOr,
  Float,
  isList,
  itemsOf,
  Namespace,
  Native,
  Range,
  refuseUndefined,
  Tuple,
  typeName,
  Undefined,
  type Value,
} from './values.ts'

const SEQUENCE_METHODS = builtIns<readonly Value[]>({
  'count value /': (budget, items, value = null) =>
    items.filter((item) => isEqual(budget, item, value)).length,
  'index value start? end? /': (budget, items, value = null, start = 0, end = items.length) => {
    const [from, to] = sliceBounds(items.length, intArgument(start), intArgument(end), 1)
    const index = items.findIndex((item, at) => at >= from && at < to && isEqual(budget, item, value))
    if (index < 0) throw new Error('the value is not in the list')
    return index
  },
})
const LIST_METHODS = new Map([
  ...SEQUENCE_METHODS,
  ...builtIns<readonly Value[]>({ 'copy /': (_, items) => [...items] }),
])
const DICT_METHODS = builtIns<Dict>({
  'copy /': (_, dict) => new Dict(dict.entries()),
  'get key default? /': (_, dict, key = null, missing = null) => definedOr(dict.get(key), () => missing),
  'items /': (_, dict) => new DictView('items', dict),
  'keys /': (_, dict) => new DictView('keys', dict),
  'values /': (_, dict) => new DictView('values', dict),
})
const INT_METHODS = builtIns<number>({
  'bit_length /': (_, number) => (number === 0 ? 0 : Math.abs(number).toString(2).length),
})
const FLOAT_METHODS = builtIns<Float>({ 'is_integer /': (_, { value }) => Number.isInteger(value) })

const method = <T>(methods: ReadonlyMap<string, BuiltIn<T>>, self: T, name: string): Value | undefined => {
  const found = methods.get(name)
  return found && boundMethod(name, found, self)
}

/** What Python's getattr finds in a value. Methods that would change it are unsafe and thus undefined. */
function attributeOf(value: Value, name: string): Value | undefined {
  if (typeof value === 'string')
    return name === 'format' ? formatMethod(value) : method(STRING_METHODS, value, name)
  if (value instanceof Dict) return method(DICT_METHODS, value, name)
  if (isList(value)) return method(LIST_METHODS, value, name)
  if (value instanceof Namespace) return value.attributes.get(name)
  if (value instanceof Native) return value.attribute(name)
  if (value instanceof Tuple) {
    const index = value.names.indexOf(name)
    return index < 0 ? method(SEQUENCE_METHODS, value.items, name) : value.items[index]
  }
  if (typeof value === 'number') return method(INT_METHODS, value, name)
  if (value instanceof Float) return method(FLOAT_METHODS, value, name)
  return undefined
}

const formatMethod = (text: string): Callable =>
  new Callable('format', (budget, args) =>
    formatBraces(budget, text, args, (value, key, isIndex) =>
      isIndex ? getItem(budget, value, key) : getAttribute(budget, value, String(key)),
    ),
  )

const missing = (value: Value, name: Value): Undefined => {
  const shown = typeof name === 'string' ? `'${name.slice(0, 100)}'` : `element of type ${typeName(name)}`
  return new Undefined(
    `'${typeName(value)}' object has no ${typeof name === 'string' ? 'attribute ' : ''}${shown}`,
  )
}

/** `value.name`: an attribute, else an item. */
export function getAttribute(budget: Budget, value: Value, name: string): Value {
  refuseUndefined(value)
  const attribute = name.startsWith('_') ? undefined : attributeOf(value, name)
  const found = attribute === undefined ? itemOf(budget, value, name) : attribute
  return definedOr(found, () => missing(value, name))
}

/** `value[key]`: an item, else an attribute. */
export function getItem(budget: Budget, value: Value, key: Value): Value {
  refuseUndefined(value)
  const item = itemOf(budget, value, key)
  if (item !== undefined) return item
  const attribute = typeof key === 'string' && !key.startsWith('_') ? attributeOf(value, key) : undefined
  return definedOr(attribute, () => missing(value, key))
}

/** The `attr` filter: attributes only. */
export const onlyAttribute = (value: Value, name: string): Value =>
  definedOr(name.startsWith('_') ? undefined : attributeOf(value, name), () => missing(value, name))

function itemOf(budget: Budget, value: Value, key: Value): Value | undefined {
  if (value instanceof Dict) return isList(key) || key instanceof Dict ? undefined : value.get(key)
  const index = typeof key === 'boolean' ? Number(key) : key
  if (typeof index !== 'number') return undefined
  if (typeof value === 'string') {
    budget.text(value.length)
    const points = new CodePoints(value)
    return points.at(index < 0 ? index + points.length : index)
  }
  if (value instanceof Range) {
    const at = index < 0 ? index + value.length : index
    return at >= 0 && at < value.length ? value.at(at) : undefined
  }
  return itemsOf(value)?.at(index)
}

/** `value[start:stop:step]`; what cannot be sliced gives an undefined value. */
export function getSlice(budget: Budget, value: Value, bounds: readonly (Value | undefined)[]): Value {
  refuseUndefined(value)
  if (bounds.some((bound) => !(bound === null || bound === undefined || isInt(bound))))
    return missing(value, null)
  const [start, stop, by] = bounds.map((bound) => (isInt(bound) ? Number(bound) : undefined))
  const step = by ?? 1
  if (step === 0) throw new Error('slice step cannot be zero')
  if (typeof value === 'string') {
    budget.text(value.length)
    const points = new CodePoints(value)
    const [from, to] = sliceBounds(points.length, start, stop, step)
    if (step === 1) return points.slice(from, Math.max(from, to))
    return indices(from, to, step)
      .map((index) => points.at(index))
      .join('')
  }
  if (value instanceof Range) {
    const [from, to] = sliceBounds(value.length, start, stop, step)
    return new Range(value.at(from), value.at(to), value.step * step)
  }
  const items = itemsOf(value)
  if (!items) return missing(value, null)
  const [from, to] = sliceBounds(items.length, start, stop, step)
  budget.items(Math.abs(to - from))
  const part =
    step === 1 ? items.slice(from, to) : indices(from, to, step).map((index) => items[index] ?? null)
  return isList(value) ? part : new Tuple(part)
}

const isInt = (value: Value | undefined): value is number | boolean =>
  typeof value === 'number' || typeof value === 'boolean'

function indices(from: number, to: number, step: number): number[] {
  const count = Math.max(0, Math.ceil((to - from) / step))
  return Array.from({ length: count }, (_, index) => from + index * step)
}

/** Calls a value. @throws Error if it cannot be called */
export function callValue(budget: Budget, value: Value, args: Parameters<Callable['call']>[1]): Value {
  refuseUndefined(value)
  if ((value instanceof Callable || value instanceof Native) && value.call) return value.call(budget, args)
  throw new Error(`'${typeName(value)}' object is not callable`)
}
