// Reads the bounds of numbers in a schema.
import type { SchemaFields } from './keywords.ts'

export interface Bound {
  readonly value: number
  readonly isInclusive: boolean
}

export interface Interval {
  readonly min?: Bound | undefined
  readonly max?: Bound | undefined
}

/** The interval that a schema allows. `exclusiveMinimum: true` is the spelling of older drafts. */
export function intervalOf(fields: SchemaFields): Interval {
  const { schema } = fields
  const side = (inclusive: string, exclusive: string): readonly Bound[] => {
    const isOld = typeof schema[exclusive] === 'boolean'
    const at = fields.number(inclusive)
    const beyond = isOld ? undefined : fields.number(exclusive)
    return [
      ...(at === undefined ? [] : [{ value: at, isInclusive: schema[exclusive] !== true }]),
      ...(beyond === undefined ? [] : [{ value: beyond, isInclusive: false }]),
    ]
  }
  const isInt32 = schema.format === 'int32'
  const mins = side('minimum', 'exclusiveMinimum')
  const maxs = side('maximum', 'exclusiveMaximum')
  return {
    min: strictest(isInt32 ? [...mins, { value: -(2 ** 31), isInclusive: true }] : mins, 1),
    max: strictest(isInt32 ? [...maxs, { value: 2 ** 31 - 1, isInclusive: true }] : maxs, -1),
  }
}

/** @param sign 1 where the largest bound counts, -1 where the smallest does */
function strictest(bounds: readonly Bound[], sign: number): Bound | undefined {
  return [...bounds].sort(
    (a, b) => sign * (b.value - a.value) || Number(a.isInclusive) - Number(b.isInclusive),
  )[0]
}

export const isInside = (value: number, { min, max }: Interval): boolean =>
  (!min || (min.isInclusive ? value >= min.value : value > min.value)) &&
  (!max || (max.isInclusive ? value <= max.value : value < max.value))
