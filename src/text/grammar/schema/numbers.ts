// Grammars of numbers between bounds, digit by digit, exact in decimals.
import { bytes, choice, EMPTY, type Expression, NOTHING, optional, sequence, words } from '../grammar.ts'
import { type Bound, type Interval, isInside } from './intervals.ts'
import { digits, digitsFrom } from './json-text.ts'

/** Digits of a number, before and after the point: decimals of that length are distinct as doubles. */
const MAX_DIGITS = 15
const MAX_LISTED = 10_000
const LIMIT = 10n ** BigInt(MAX_DIGITS) - 1n

/** A bound of at least 0, digit by digit. */
interface DecimalBound {
  readonly whole: bigint
  /** Digits after the point, without zeros at the end. */
  readonly fraction: string
  readonly isInclusive: boolean
}

const ZERO = { whole: 0n, fraction: '' }

/** The bounds that are too far from zero for the digits that are written. */
export const isTooLarge = ({ min, max }: Interval): boolean =>
  [min, max].some((bound) => bound !== undefined && Math.abs(bound.value) > 1e300) ||
  (min !== undefined && min.value > Number(LIMIT)) ||
  (max !== undefined && max.value < -Number(LIMIT))

/** Numbers of an interval, without exponents. */
export function numberIn(interval: Interval): Expression {
  return signed(interval, ({ min, max }) => magnitude(min, max))
}

/** Whole numbers of an interval. */
export function integerIn(interval: Interval): Expression {
  return signed(interval, ({ min, max }) => {
    const from = min.fraction !== '' || !min.isInclusive ? min.whole + 1n : min.whole
    const to = max.fraction === '' && !max.isInclusive ? max.whole - 1n : max.whole
    return wholeBetween(from, to)
  })
}

/** All multiples of a whole number between two bounds; undefined if they are many. */
export function listMultiples(divisor: number, { min, max }: Interval): readonly string[] | undefined {
  if (!min || !max) return undefined
  const first = Math.ceil(min.value / divisor)
  const last = Math.floor(max.value / divisor)
  if (last - first >= MAX_LISTED) return undefined
  const count = Math.max(0, last - first + 1)
  return Array.from({ length: count }, (_, at) => (first + at) * divisor)
    .filter((value) => Number.isSafeInteger(value) && isInside(value, { min, max }))
    .map((value) => String(value + 0)) // -0 is written as 0
}

/** Splits an interval at zero: both parts are written alike, but for the sign. */
function signed(
  { min, max }: Interval,
  write: (bounds: { min: DecimalBound; max: DecimalBound }) => Expression,
): Expression {
  const far: DecimalBound = { whole: LIMIT, fraction: '', isInclusive: true }
  const options: Expression[] = []
  if (max === undefined || max.value >= 0)
    options.push(
      write({
        min: min && min.value >= 0 ? decimal(min) : { ...ZERO, isInclusive: true },
        max: max ? nearer(decimal(max), far) : far,
      }),
    )
  if (min === undefined || min.value < 0)
    options.push(
      sequence(
        words('-'),
        write({
          min: max && max.value < 0 ? decimal(max) : { ...ZERO, isInclusive: false },
          max: min ? nearer(decimal(min), far) : far,
        }),
      ),
    )
  return choice(...options)
}

const nearer = (a: DecimalBound, b: DecimalBound): DecimalBound => (a.whole > b.whole ? b : a)

/** The absolute value of a bound. */
function decimal({ value, isInclusive }: Bound): DecimalBound {
  const [mantissa = '0', exponent = '0'] = String(Math.abs(value)).split('e')
  const [whole = '0', fraction = ''] = mantissa.split('.')
  const shift = Number(exponent)
  const all = whole + fraction
  const point = whole.length + shift
  const before = point <= 0 ? '0' : all.slice(0, point).padEnd(point, '0')
  const after = point <= 0 ? '0'.repeat(-point) + all : all.slice(point)
  return { whole: BigInt(before), fraction: after.replace(/0+$/, ''), isInclusive }
}

/** Whole numbers of at least 0, without zeros before them. */
function wholeBetween(from: bigint, to: bigint): Expression {
  const options: Expression[] = []
  for (let length = 1; length <= MAX_DIGITS; length++) {
    const [low, high] = lengthRange(length, from, to)
    if (low <= high) options.push(digitsBetween(low.toString(), high.toString()))
  }
  return choice(...options)
}

/** The numbers of so many digits in a range. */
function lengthRange(length: number, from: bigint, to: bigint): readonly [bigint, bigint] {
  const least = length === 1 ? 0n : 10n ** BigInt(length - 1)
  const most = 10n ** BigInt(length) - 1n
  return [from > least ? from : least, to < most ? to : most]
}

/** Both have the same length. */
function digitsBetween(low: string, high: string): Expression {
  const length = low.length
  if (/^0*$/.test(low) && /^9*$/.test(high)) return digits(length)
  const first = Number(low[0])
  const last = Number(high[0])
  const [lowRest, highRest] = [low.slice(1), high.slice(1)]
  if (first === last) return sequence(digitsFrom(first, first), digitsBetween(lowRest, highRest))
  return choice(
    sequence(digitsFrom(first, first), digitsBetween(lowRest, '9'.repeat(length - 1))),
    first + 1 < last ? sequence(digitsFrom(first + 1, last - 1), digits(length - 1)) : NOTHING,
    sequence(digitsFrom(last, last), digitsBetween('0'.repeat(length - 1), highRest)),
  )
}

/** Numbers of at least 0. Each length has its own alternative: it limits the digits after the point. */
function magnitude(min: DecimalBound, max: DecimalBound): Expression {
  const options: Expression[] = []
  if (min.whole === max.whole) return atWhole(min.whole, min, max)
  if (min.whole < max.whole) {
    for (let length = 1; length <= MAX_DIGITS; length++) {
      const [low, high] = lengthRange(length, min.whole + 1n, max.whole - 1n)
      if (low <= high)
        options.push(sequence(digitsBetween(low.toString(), high.toString()), anyFraction(length)))
    }
    options.push(atWhole(min.whole, min, undefined), atWhole(max.whole, undefined, max))
  }
  return choice(...options)
}

const anyFraction = (length: number): Expression =>
  length === MAX_DIGITS ? EMPTY : optional(sequence(words('.'), digits(1, MAX_DIGITS - length)))

type FractionBound = Pick<DecimalBound, 'fraction' | 'isInclusive'> | undefined

/** The numbers with this whole part whose fractions lie between the bounds. */
function atWhole(whole: bigint, min: FractionBound, max: FractionBound): Expression {
  const text = whole.toString()
  const isAboveMin = min === undefined || (min.fraction === '' && min.isInclusive)
  const isBelowMax = max === undefined || max.fraction !== '' || max.isInclusive
  return sequence(
    words(text),
    choice(
      isAboveMin && isBelowMax ? EMPTY : NOTHING,
      sequence(words('.'), fractionFrom(0, min, max, MAX_DIGITS - text.length)),
    ),
  )
}

/**
 * The digits of a fraction from a place on, at least one.
 * @param min undefined if the digits before are above it already; so for `max`
 * @param room digits that may be written
 */
function fractionFrom(at: number, min: FractionBound, max: FractionBound, room: number): Expression {
  if (room <= 0) return NOTHING
  const low = min ? Number(min.fraction[at] ?? 0) : 0
  const high = max ? Number(max.fraction[at] ?? 0) : 9
  const options: Expression[] = []
  for (let digit = low; digit <= high; digit++) {
    const atMin = min && digit === low ? min : undefined
    const atMax = max && digit === high ? max : undefined
    if (atMin === undefined && atMax === undefined) {
      const last = high - (max ? 1 : 0)
      options.push(sequence(bytes([0x30 + digit, 0x30 + last]), digits(0, room - 1)))
      digit = last
      continue
    }
    const mayEnd =
      (!atMin || (atMin.fraction.length <= at + 1 && atMin.isInclusive)) &&
      (!atMax || atMax.fraction.length > at + 1 || atMax.isInclusive)
    const rest = fractionFrom(at + 1, atMin, atMax, room - 1)
    options.push(sequence(digitsFrom(digit, digit), mayEnd ? optional(rest) : rest))
  }
  return choice(...options)
}
