// Jinja's tests, without those that look up filters and tests by name.
import { type BuiltIn, builtIns } from './call.ts'
import { isEqual } from './compare.ts'
import { toText } from './format.ts'
import { arithmetic, compares } from './operators.ts'
import { STRING_METHODS } from './string-methods.ts'
import {
  Callable,
  Dict,
  DictView,
  Float,
  isNumber,
  itemsOf,
  Lazy,
  Native,
  Range,
  Undefined,
  type Value,
} from './values.ts'

type Test = BuiltIn['call']

const comparison =
  (operator: string): Test =>
  (budget, value, other = null) =>
    compares(budget, operator, value, other)

/** Whether the remainder of a division is this number. */
const remainder =
  (divisor: Value | undefined, expected: number): Test =>
  (budget, value, by = divisor ?? null) =>
    isEqual(budget, arithmetic(budget, '%', value, by), expected)

const cased =
  (method: string): Test =>
  (budget, value) =>
    STRING_METHODS.get(method)?.call(budget, toText(budget, value)) ?? false

const isSequence = (value: Value): boolean =>
  typeof value === 'string' ||
  itemsOf(value) !== undefined ||
  value instanceof Dict ||
  value instanceof Range ||
  value instanceof Undefined

export const TESTS = builtIns({
  boolean: (_, value) => typeof value === 'boolean',
  callable: (_, value) =>
    value instanceof Callable ||
    value instanceof Undefined ||
    (value instanceof Native && value.call !== undefined),
  defined: (_, value) => !(value instanceof Undefined),
  'divisibleby num': remainder(undefined, 0),
  escaped: () => false,
  even: remainder(2, 0),
  false: (_, value) => value === false,
  float: (_, value) => value instanceof Float,
  integer: (_, value) => typeof value === 'number',
  iterable: (_, value) => isSequence(value) || value instanceof DictView || value instanceof Lazy,
  lower: cased('islower'),
  mapping: (_, value) => value instanceof Dict,
  none: (_, value) => value === null,
  number: (_, value) => isNumber(value),
  odd: remainder(2, 1),
  'sameas other': (_, value, other) =>
    value === other || (value instanceof Float && other instanceof Float && value.value === other.value),
  sequence: (_, value) => isSequence(value),
  string: (_, value) => typeof value === 'string',
  true: (_, value) => value === true,
  undefined: (_, value) => value instanceof Undefined,
  upper: cased('isupper'),
  ...Object.fromEntries(
    [
      ['== eq equalto', '=='],
      ['!= ne', '!='],
      ['> gt greaterthan', '>'],
      ['>= ge', '>='],
      ['< lt lessthan', '<'],
      ['<= le', '<='],
      ['in', 'in'],
    ].flatMap(([names = '', operator = '']) =>
      names.split(' ').map((name) => [`${name} other`, comparison(operator)] as const),
    ),
  ),
})
