// Turns patterns of a JSON schema into grammars of the strings that match, together with limits of length.
import { choice, type Expression, NOTHING, repeat, sequence } from '../grammar.ts'
import { stringCharacter } from './json-text.ts'
import {
  ANY,
  type PatternItem,
  type PatternSequence,
  readPattern,
  UnsupportedPattern,
} from './pattern-reader.ts'

/** Both included, in code points. */
export interface LengthLimits {
  readonly min: number
  readonly max: number
}

/**
 * The content of the strings that match a pattern somewhere, as JSON writes it.
 * @throws UnsupportedPattern, also where both pattern and limits count
 */
export function patternContent(pattern: string, limits: LengthLimits): Expression {
  const options = topSequences({ items: [], fromStart: false, toEnd: false }, readPattern(pattern))
  return choice(
    ...options.map(({ items, fromStart, toEnd }) =>
      sequenceContent([...(fromStart ? [] : [ANY]), ...items, ...(toEnd ? [] : [ANY])], limits),
    ),
  )
}

/** The alternatives of the whole pattern, those of groups that enclose one of them included. */
function topSequences(
  outer: PatternSequence,
  options: readonly PatternSequence[],
): readonly PatternSequence[] {
  return options.flatMap((option) => {
    const fromStart = outer.fromStart || option.fromStart
    const toEnd = outer.toEnd || option.toEnd
    const [item] = option.items
    if (option.items.length === 1 && item && item.min === 1 && item.max === 1) {
      const group = groupOf(item)
      if (group) return topSequences({ items: [], fromStart, toEnd }, group)
    }
    return [{ items: option.items, fromStart, toEnd }]
  })
}

const groupOf = (item: PatternItem): readonly PatternSequence[] | undefined =>
  'options' in item ? item.options : undefined

function sequenceContent(items: readonly PatternItem[], { min, max }: LengthLimits): Expression {
  const lengths = items.map(lengthOf)
  const least = lengths.reduce((sum, length) => sum + length.min, 0)
  const most = lengths.reduce((sum, length) => sum + length.max, 0)
  if (least >= min && most <= max) return contentOf(items)
  if (most < min || least > max) return NOTHING
  const variable = lengths.findIndex((length) => length.min !== length.max)
  const item = items[variable]
  const isOnly = lengths.every((length, at) => at === variable || length.min === length.max)
  if (item === undefined || 'options' in item || !isOnly)
    throw new UnsupportedPattern('has more than one part of variable length beside minLength or maxLength')
  const others = least - item.min
  const limited = {
    ...item,
    min: Math.max(item.min, min - others),
    max: Math.min(item.max, max - others),
  }
  return contentOf(items.map((other, at) => (at === variable ? limited : other)))
}

/** The code points that an item can take. */
function lengthOf(item: PatternItem): LengthLimits {
  const options = groupOf(item)?.map(({ items }) => {
    const lengths = items.map(lengthOf)
    const sum = (side: 'min' | 'max') => lengths.reduce((all, length) => all + length[side], 0)
    return { min: sum('min'), max: sum('max') }
  }) ?? [{ min: 1, max: 1 }]
  const times = (count: number, length: number) => (length === 0 ? 0 : count * length)
  return {
    min: item.min * Math.min(...options.map(({ min }) => min)),
    max: item.max === 0 ? 0 : times(item.max, Math.max(...options.map(({ max }) => max))),
  }
}

const contentOf = (items: readonly PatternItem[]): Expression =>
  sequence(...items.map((item) => repeat(atomOf(item), item.min, item.max)))

function atomOf(item: PatternItem): Expression {
  if ('ranges' in item) return stringCharacter(item.ranges)
  const { options } = item
  if (options.some(({ fromStart, toEnd }) => fromStart || toEnd))
    throw new UnsupportedPattern('has ^ or $ within a group')
  return choice(...options.map(({ items }) => contentOf(items)))
}
