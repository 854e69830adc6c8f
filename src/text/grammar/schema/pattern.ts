// Turns patterns of a JSON schema into grammars of the strings that match, together with limits of length.
import { choice, type Expression, NOTHING, repeat, sequence } from '../grammar.ts'
import type { StringForm } from './json-text.ts'
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
 * The content of the strings that match a pattern somewhere; undefined where the limits cannot be met by
 * counting one part of the pattern.
 * @throws UnsupportedPattern
 */
export function patternContent(
  pattern: string,
  limits: LengthLimits,
  form: StringForm,
): Expression | undefined {
  const options: Expression[] = []
  for (const option of topSequences({ items: [], fromStart: false, toEnd: false }, readPattern(pattern))) {
    const { items, fromStart, toEnd } = option
    const all = [...(fromStart ? [] : [ANY]), ...items, ...(toEnd ? [] : [ANY])]
    const within = limited(all, limits)
    if (within === undefined) return undefined
    options.push(within === 'none' ? NOTHING : contentOf(within, form))
  }
  return choice(...options)
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

/** The items within limits of length; undefined if more than one of them would have to be limited. */
function limited(
  items: readonly PatternItem[],
  { min, max }: LengthLimits,
): readonly PatternItem[] | 'none' | undefined {
  const lengths = items.map(lengthOf)
  const least = lengths.reduce((sum, length) => sum + length.min, 0)
  const most = lengths.reduce((sum, length) => sum + length.max, 0)
  if (least >= min && most <= max) return items
  if (most < min || least > max) return 'none'
  const variable = lengths.findIndex((length) => length.min !== length.max)
  const item = items[variable]
  const isOnly = lengths.every((length, at) => at === variable || length.min === length.max)
  if (item === undefined || 'options' in item || !isOnly) return undefined
  const others = least - item.min
  const counts = { min: Math.max(item.min, min - others), max: Math.min(item.max, max - others) }
  return items.map((other, at) => (at === variable ? { ...item, ...counts } : other))
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

function contentOf(items: readonly PatternItem[], form: StringForm): Expression {
  return sequence(...items.map((item) => repeat(atomOf(item, form), item.min, item.max)))
}

function atomOf(item: PatternItem, form: StringForm): Expression {
  if ('ranges' in item) return form.of(item.ranges)
  const { options } = item
  if (options.some(({ fromStart, toEnd }) => fromStart || toEnd))
    throw new UnsupportedPattern('has ^ or $ within a group')
  return choice(...options.map(({ items }) => contentOf(items, form)))
}
