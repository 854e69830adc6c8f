// Compares values as Python does: equality, order, membership.
import type { Budget } from './budget.ts'
import {
  Dict,
  DictView,
  isList,
  itemsOf,
  iterate,
  numberOf,
  Range,
  refuseUndefined,
  Tuple,
  typeName,
  Undefined,
  type Value,
} from './values.ts'

export function isEqual(budget: Budget, left: Value, right: Value): boolean {
  budget.spend(1)
  if (typeof left === 'string' && typeof right === 'string') {
    if (left.length === right.length) budget.text(left.length)
    return left === right
  }
  if (left === right) return true
  const numbers = [numberOf(left), numberOf(right)]
  if (numbers[0] !== undefined || numbers[1] !== undefined) return numbers[0] === numbers[1]
  if (left instanceof Undefined) return right instanceof Undefined
  if (isList(left) ? isList(right) : left instanceof Tuple && right instanceof Tuple)
    return isSequenceEqual(budget, itemsOf(left) ?? [], itemsOf(right) ?? [])
  if (left instanceof Range && right instanceof Range) return isSequenceEqual(budget, [...left], [...right])
  if (!(left instanceof Dict && right instanceof Dict) || left.size !== right.size) return false
  return budget.nested(() =>
    [...left.entries()].every(([key, value]) => {
      const other = right.get(key)
      return other !== undefined && isEqual(budget, value, other)
    }),
  )
}

function isSequenceEqual(budget: Budget, left: readonly Value[], right: readonly Value[]): boolean {
  if (left.length !== right.length) return false
  return budget.nested(() => left.every((item, index) => isEqual(budget, item, right[index] ?? null)))
}

/** Negative, zero or positive as left is less than, equal to or greater than right; NaN if neither. */
export function compare(budget: Budget, left: Value, right: Value, operator = '<'): number {
  budget.spend(1)
  refuseUndefined(left)
  refuseUndefined(right)
  if (typeof left === 'string' && typeof right === 'string') {
    budget.text(Math.min(left.length, right.length))
    return compareTexts(left, right)
  }
  const [a, b] = [numberOf(left), numberOf(right)]
  if (a !== undefined && b !== undefined) return a < b ? -1 : a > b ? 1 : a === b ? 0 : Number.NaN
  const [items, others] = [itemsOf(left), itemsOf(right)]
  if (!items || !others || isList(left) !== isList(right))
    throw new Error(
      `'${operator}' not supported between instances of '${typeName(left)}' and '${typeName(right)}'`,
    )
  return budget.nested(() => {
    for (const [index, item] of items.entries()) {
      const other = others[index]
      if (other === undefined) return 1
      if (!isEqual(budget, item, other)) return compare(budget, item, other, operator)
    }
    return items.length - others.length
  })
}

/** By code points: a pair of surrogates comes after all other characters. */
function compareTexts(left: string, right: string): number {
  if (left === right) return 0
  const rank = (code: number) => (code >= 0xd800 && code < 0xe000 ? code + 0x10000 : code)
  for (let index = 0; index < left.length && index < right.length; index++) {
    const difference = rank(left.charCodeAt(index)) - rank(right.charCodeAt(index))
    if (difference !== 0) return difference
  }
  return left.length - right.length
}

/** Python's `in`. */
export function contains(budget: Budget, container: Value, item: Value): boolean {
  if (typeof container === 'string') {
    budget.text(container.length)
    refuseUndefined(item)
    if (typeof item === 'string') return container.includes(item)
    throw new Error(`'in <string>' requires string as left operand, not ${typeName(item)}`)
  }
  if (container instanceof Dict) return container.get(item) !== undefined
  if (container instanceof DictView && container.kind === 'keys')
    return container.dict.get(item) !== undefined
  if (container instanceof Range) {
    const number = numberOf(item)
    const index = number === undefined ? -1 : (number - container.start) / container.step
    return Number.isInteger(index) && index >= 0 && index < container.length
  }
  for (const candidate of iterate(container)) if (isEqual(budget, candidate, item)) return true
  return false
}

/** Sorts a copy, stably. */
export function sorted<T>(
  budget: Budget,
  items: readonly T[],
  keyOf: (item: T) => Value,
  reverse: boolean,
): T[] {
  budget.items(items.length)
  const keyed = items.map((item) => ({ item, key: keyOf(item) }))
  keyed.sort((a, b) => (reverse ? compare(budget, b.key, a.key) : compare(budget, a.key, b.key)))
  return keyed.map(({ item }) => item)
}
