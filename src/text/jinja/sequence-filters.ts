// Jinja's filters of lists and mappings.
import { getItem, onlyAttribute } from './attributes.ts'
import type { Budget } from './budget.ts'
import { type BuiltIn, builtIns, intArgument, textArgument } from './call.ts'
import { compare, isEqual, sorted } from './compare.ts'
import { toText } from './format.ts'
import { arithmetic } from './operators.ts'
import { joinTexts } from './string-methods.ts'
import { pairsOf } from './text-filters.ts'
import {
  Dict,
  DictView,
  definedOr,
  hashed,
  isTrue,
  itemsOf,
  iterate,
  Lazy,
  listOf,
  Range,
  Tuple,
  typeName,
  Undefined,
  type Value,
} from './values.ts'

type Filter = BuiltIn['call']
type Getter = (item: Value) => Value

/** Reads an attribute such as "function.name" or "0" of an item; without one, the item itself. */
export function attributeGetter(budget: Budget, attribute: Value | undefined, missing: Value = null): Getter {
  if (attribute === undefined || attribute === null) return (item) => item
  const path = pathOf(attribute)
  return (item) => {
    let value = item
    for (const part of path) {
      value = getItem(budget, value, part)
      if (value instanceof Undefined && missing !== null) value = missing
    }
    return value
  }
}

const pathOf = (attribute: Value): readonly Value[] =>
  typeof attribute === 'string'
    ? attribute.split('.').map((part) => (/^\d+$/.test(part) ? Number(part) : part))
    : [attribute]

const folded = (get: Getter, caseSensitive: Value): Getter => {
  if (isTrue(caseSensitive)) return get
  return (item) => {
    const value = get(item)
    return typeof value === 'string' ? value.toLowerCase() : value
  }
}

/** The keys of a sort by several attributes, "role,name". */
function sortKey(budget: Budget, attribute: Value | undefined, caseSensitive: Value): Getter {
  if (typeof attribute !== 'string' || !attribute.includes(','))
    return folded(attributeGetter(budget, attribute), caseSensitive)
  const getters = attribute.split(',').map((part) => folded(attributeGetter(budget, part), caseSensitive))
  return (item) => getters.map((get) => get(item))
}

const extreme =
  (sign: number): Filter =>
  (budget, value, caseSensitive = false, attribute = null) => {
    const key = folded(attributeGetter(budget, attribute), caseSensitive)
    let best: { item: Value; key: Value } | undefined
    for (const item of listOf(budget, value)) {
      const candidate = { item, key: key(item) }
      if (!best || sign * compare(budget, candidate.key, best.key) > 0) best = candidate
    }
    return best ? best.item : new Undefined('No aggregated item, sequence was empty.')
  }

function* unique(budget: Budget, value: Value, key: Getter): Generator<Value> {
  const seen = new Set<unknown>()
  for (const item of iterate(value)) {
    budget.spend(1)
    const hash = hashed(key(item))
    if (!seen.has(hash)) yield item
    seen.add(hash)
  }
}

function* batches(budget: Budget, value: Value, size: number, fill: Value): Generator<Value> {
  let batch: Value[] = []
  for (const item of iterate(value)) {
    budget.spend(1)
    if (batch.length === size) {
      yield batch
      batch = []
    }
    batch.push(item)
  }
  if (batch.length === 0) return
  if (fill !== null && batch.length < size) budget.items(size)
  yield fill === null
    ? batch
    : [...batch, ...Array.from({ length: Math.max(0, size - batch.length) }, () => fill)]
}

function* slices(budget: Budget, value: Value, count: number, fill: Value): Generator<Value> {
  const items = listOf(budget, value)
  if (count <= 0) throw new Error('integer division or modulo by zero')
  const [size, longer] = [Math.floor(items.length / count), items.length % count]
  for (let index = 0; index < count; index++) {
    budget.spend(1)
    const start = index * size + Math.min(index, longer)
    const part = items.slice(start, start + size + (index < longer ? 1 : 0))
    yield fill !== null && index >= longer ? [...part, fill] : part
  }
}

const groupBy: Filter = (budget, value, attribute = null, missing = null, caseSensitive = false) => {
  const get = attributeGetter(budget, attribute, missing)
  const key = folded(get, caseSensitive)
  const groups: { readonly key: Value; readonly items: Value[] }[] = []
  for (const item of sorted(budget, listOf(budget, value), key, false)) {
    const last = groups.at(-1)
    if (last && isEqual(budget, last.key, key(item))) last.items.push(item)
    else groups.push({ key: key(item), items: [item] })
  }
  return groups.map(({ items }) => new Tuple([get(items[0] ?? null), items], ['grouper', 'list']))
}

const dictSort: Filter = (budget, value, caseSensitive = false, by = 'key', reverse = false) => {
  if (!(value instanceof Dict)) throw new Error(`'${typeName(value)}' object has no attribute 'items'`)
  if (by !== 'key' && by !== 'value') throw new Error('You can only sort by either "key" or "value"')
  const key = folded((pair) => itemsOf(pair)?.[by === 'key' ? 0 : 1] ?? null, caseSensitive)
  return sorted(budget, [...pairsOf(value)], key, isTrue(reverse))
}

const reverse: Filter = (budget, value) => {
  if (typeof value === 'string') {
    budget.text(value.length)
    return [...value].toReversed().join('')
  }
  return new Lazy([...listOf(budget, value)].reverse())
}

const last: Filter = (budget, value) => {
  if (value instanceof Undefined || typeof value === 'number') iterate(value)
  const items = typeof value === 'string' || reversible(value) ? listOf(budget, value) : undefined
  if (!items) throw new Error(`'${typeName(value)}' object is not reversible`)
  return definedOr(items.at(-1), () => new Undefined('No last item, sequence was empty.'))
}

const reversible = (value: Value): boolean =>
  itemsOf(value) !== undefined ||
  value instanceof Dict ||
  value instanceof DictView ||
  value instanceof Range ||
  value instanceof Undefined

const sum: Filter = (budget, value, attribute = null, start = 0) => {
  if (typeof start === 'string') throw new Error("sum() can't sum strings")
  const get = attributeGetter(budget, attribute)
  let total: Value = start
  for (const item of iterate(value)) total = arithmetic(budget, '+', total, get(item))
  return total
}

export const SEQUENCE_FILTERS = builtIns({
  'attr name': (_, value, name) => onlyAttribute(value, textArgument(name)),
  'batch linecount fill_with?': (budget, value, size, fill = null) =>
    new Lazy(batches(budget, value, intArgument(size), fill)),
  'dictsort case_sensitive? by? reverse?': dictSort,
  first: (budget, value) => {
    budget.spend(1)
    const { value: first, done } = iterate(value)[Symbol.iterator]().next()
    return done ? new Undefined('No first item, sequence was empty.') : first
  },
  'groupby attribute default? case_sensitive?': groupBy,
  items: (_, value) => new Lazy(pairsOf(value)),
  'join d? attribute?': (budget, value, separator = '', attribute = null) => {
    const get = attributeGetter(budget, attribute)
    const texts = listOf(budget, value).map((item) => toText(budget, get(item)))
    return joinTexts(budget, texts, toText(budget, separator))
  },
  last,
  list: (budget, value) => [...listOf(budget, value)],
  'max case_sensitive? attribute?': extreme(1),
  'min case_sensitive? attribute?': extreme(-1),
  reverse,
  'slice slices fill_with?': (budget, value, count, fill = null) =>
    new Lazy(slices(budget, value, intArgument(count), fill)),
  'sort reverse? case_sensitive? attribute?': (
    budget,
    value,
    backwards = false,
    caseSensitive = false,
    attribute,
  ) => sorted(budget, listOf(budget, value), sortKey(budget, attribute, caseSensitive), isTrue(backwards)),
  'sum attribute? start?': sum,
  'unique case_sensitive? attribute?': (budget, value, caseSensitive = false, attribute = null) =>
    new Lazy(unique(budget, value, folded(attributeGetter(budget, attribute), caseSensitive))),
})
