// Grammars of the numbers that a schema allows.
import { badField } from '../../../lib/check.ts'
import { formatValue } from '../../../lib/format.ts'
import { choice, EMPTY, type Expression, type GrammarBuilder, optional, sequence, words } from '../grammar.ts'
import { type Interval, intervalOf } from './intervals.ts'
import { digitsFrom } from './json-text.ts'
import type { SchemaFields } from './keywords.ts'
import { integerIn, isTooLarge, listMultiples, numberIn } from './numbers.ts'

const NUMBER_FORMATS = ['int32', 'int64', 'float', 'double']
const MAX_DIVISOR = 100
const MAX_DIGITS = 15

/** @param anyNumber the rule of all numbers */
export function numberText(
  fields: SchemaFields,
  isInteger: boolean,
  builder: GrammarBuilder,
  anyNumber: Expression,
): Expression {
  const format = fields.text('format')
  if (format !== undefined && !NUMBER_FORMATS.includes(format) && !fields.types()?.includes('string'))
    throw badField(fields.pathOf('format'), `is not supported: ${formatValue(format)}`)
  const interval = intervalOf(fields)
  if (isTooLarge(interval))
    throw badField(fields.path, 'has bounds beyond 15 digits, which are not supported')
  const divisor = fields.number('multipleOf')
  if (divisor !== undefined && divisor !== 1) return multiples(divisor, interval, fields, builder)
  if (isInteger || divisor === 1 || format === 'int32' || format === 'int64') return integerIn(interval)
  return interval.min || interval.max ? numberIn(interval) : anyNumber
}

function multiples(
  divisor: number,
  interval: Interval,
  fields: SchemaFields,
  builder: GrammarBuilder,
): Expression {
  const listed = Number.isInteger(divisor) && divisor > 0 ? listMultiples(divisor, interval) : undefined
  if (listed) return words(...listed)
  const { min, max } = interval
  const isFree = max === undefined && (min === undefined || (min.value === 0 && min.isInclusive))
  if (Number.isInteger(divisor) && divisor > 0 && divisor <= MAX_DIVISOR && isFree)
    return sequence(min ? EMPTY : optional(words('-')), byRemainders(divisor, builder))
  throw badField(
    fields.pathOf('multipleOf'),
    `is not supported: ${formatValue(divisor)}`,
    `Supported are whole numbers: up to ${MAX_DIVISOR} without bounds, others between close bounds.`,
  )
}

/** Numbers that `divisor` divides, digit by digit: a rule for each remainder and number of digits. */
function byRemainders(divisor: number, builder: GrammarBuilder): Expression {
  let next: readonly Expression[] = Array.from({ length: divisor }, (_, at) => (at === 0 ? EMPTY : choice()))
  const follow = (remainder: number, first: number): Expression[] =>
    Array.from({ length: 10 - first }, (_, at) => {
      const digit = first + at
      return sequence(digitsFrom(digit, digit), next[(10 * remainder + digit) % divisor] ?? choice())
    })
  for (let left = 1; left < MAX_DIGITS; left++)
    next = Array.from({ length: divisor }, (_, at) =>
      builder.rule('multiple', choice(at === 0 ? EMPTY : choice(), ...follow(at, 0))),
    )
  return choice(words('0'), ...follow(0, 1))
}
