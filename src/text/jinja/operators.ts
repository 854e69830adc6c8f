// Python's operators on values.
import type { Budget } from './budget.ts'
import { compare, contains, isEqual } from './compare.ts'
import { toText } from './format.ts'
import { formatPercent } from './percent.ts'
import {
  Float,
  isList,
  isNumber,
  itemsOf,
  numberOf,
  refuseUndefined,
  Tuple,
  typeName,
  type Value,
} from './values.ts'

/** An int of a JavaScript number. @throws Error beyond 2^53, where numbers are no longer exact */
export function toInt(value: number): number {
  if (Number.isSafeInteger(value)) return value + 0 || 0 // no -0
  throw new Error('a number is too large')
}

/** Arithmetic, `%` of texts, and `~`. @throws Error if the operator does not take such values */
export function arithmetic(budget: Budget, operator: string, left: Value, right: Value): Value {
  if (operator === '~') {
    const [a, b] = [toText(budget, left), toText(budget, right)]
    budget.joined(a.length + b.length)
    return a + b
  }
  if (isNumber(left) && isNumber(right)) {
    const isFloat = left instanceof Float || right instanceof Float
    return calculate(operator, numberOf(left) ?? 0, numberOf(right) ?? 0, isFloat)
  }
  refuseUndefined(left)
  if (operator === '%' && typeof left === 'string') return formatPercent(budget, left, right)
  refuseUndefined(right)
  if (operator === '+') {
    if (typeof left === 'string' && typeof right === 'string') {
      budget.joined(left.length + right.length)
      return left + right
    }
    const [items, others] = [itemsOf(left), itemsOf(right)]
    if (items && others && isList(left) === isList(right)) {
      budget.items(items.length + others.length)
      const sum = [...items, ...others]
      return isList(left) ? sum : new Tuple(sum)
    }
  }
  if (operator === '*') {
    const product = repeated(budget, left, right) ?? repeated(budget, right, left) // never None
    if (product !== undefined) return product
  }
  throw new Error(`unsupported operand type(s) for ${operator}: '${typeName(left)}' and '${typeName(right)}'`)
}

function calculate(operator: string, a: number, b: number, isFloat: boolean): Value {
  if (/[/%]/.test(operator) && b === 0) throw new Error('division by zero')
  const result = (value: number) => (isFloat ? new Float(value) : toInt(value))
  switch (operator) {
    case '+':
      return result(a + b)
    case '-':
      return result(a - b)
    case '*':
      return result(a * b)
    case '/':
      return new Float(a / b)
    case '//':
      return result((a - modulo(a, b)) / b)
    case '%':
      return result(modulo(a, b))
    case '**':
      if (a === 0 && b < 0) throw new Error('0.0 cannot be raised to a negative power')
      if (a < 0 && !Number.isInteger(b)) throw new Error('a root of a negative number is not a number')
      return b < 0 ? new Float(a ** b) : result(a ** b)
    default:
      throw new Error(`unknown operator ${operator}`)
  }
}

/** The remainder with the sign of the divisor. */
function modulo(a: number, b: number): number {
  const remainder = a % b
  return remainder !== 0 && remainder < 0 !== b < 0 ? remainder + b : remainder
}

function repeated(budget: Budget, value: Value, times: Value): Value | undefined {
  if (typeof times !== 'number' && typeof times !== 'boolean') return undefined
  const count = Math.max(0, Number(times))
  if (typeof value === 'string') {
    budget.text(value.length * count)
    return value.repeat(count)
  }
  const items = itemsOf(value)
  if (!items) return undefined
  budget.items(items.length * count)
  const list = Array.from({ length: count }, () => items).flat(1) as readonly Value[]
  return isList(value) ? list : new Tuple(list)
}

export function negate(operator: string, value: Value): Value {
  refuseUndefined(value)
  const number = numberOf(value)
  if (number === undefined) throw new Error(`bad operand type for unary ${operator}: '${typeName(value)}'`)
  const result = operator === '-' ? -number : number
  return value instanceof Float ? new Float(result) : toInt(result)
}

/** One comparison of a chain. */
export function compares(budget: Budget, operator: string, left: Value, right: Value): boolean {
  switch (operator) {
    case '==':
      return isEqual(budget, left, right)
    case '!=':
      return !isEqual(budget, left, right)
    case 'in':
      return contains(budget, right, left)
    case 'not in':
      return !contains(budget, right, left)
    case '<':
      return compare(budget, left, right, operator) < 0
    case '>':
      return compare(budget, left, right, operator) > 0
    case '<=':
      return compare(budget, left, right, operator) <= 0
    default:
      return compare(budget, left, right, operator) >= 0
  }
}
