// Checks optional fields of a request; errors are `bad_request` and name the field.

import { HadalError } from './error.ts'
import { type FieldError, Fields } from './fields.ts'
import { formatValue } from './format.ts'
import { isJsonObject } from './json.ts'

/** A `bad_request` error about one field of the request. */
export function badField(field: string, problem: string, hint = ''): HadalError {
  return new HadalError('bad_request', `\`${field}\` ${problem}.`, { hint })
}

const invalidField: FieldError = (path, rule, value) => badField(path, `${rule}, not ${formatValue(value)}`)

/** The checked value; undefined when the field is undefined or null. */
function optional<T>(field: string, value: unknown, read: (fields: Fields) => T): T | undefined {
  const fields = new Fields({ [field]: value }, invalidField)
  return fields.has(field) ? read(fields) : undefined
}

/** The bounds of a number, both included, and whether it must be whole. */
export type NumberRange = readonly [low: number, high: number, whole?: boolean]

/** The number, undefined when the field is missing or null. */
export const optionalNumber = (
  field: string,
  value: unknown,
  ...[low, high, whole = false]: NumberRange
): number | undefined =>
  optional(field, value, (fields) =>
    whole ? fields.count(field, low, high) : fields.number(field, low, high),
  )

/** The whole number, undefined when the field is missing or null. Both bounds are included. */
export const optionalInteger = (field: string, value: unknown, low: number, high: number) =>
  optionalNumber(field, value, low, high, true)

/** The boolean, undefined when the field is missing or null. */
export const optionalBoolean = (field: string, value: unknown): boolean | undefined =>
  optional(field, value, (fields) => fields.flag(field))

/** One of the words, undefined when the field is missing or null. */
export const optionalEnum = <const W extends string>(
  field: string,
  value: unknown,
  words: readonly W[],
): W | undefined => optional(field, value, (fields) => fields.choice(field, words))

/** A copy of the object, undefined when the field is missing or null. */
export function optionalObject(field: string, value: unknown): Record<string, unknown> | undefined {
  if (value === undefined || value === null) return undefined
  if (!isJsonObject(value)) throw invalidField(field, 'must be an object', value)
  return { ...value }
}

/** The same object without the fields that are undefined. */
export function definedFields<T extends object>(
  fields: { [Name in keyof T]: T[Name] | undefined },
): Partial<T> {
  const entries = Object.entries(fields).filter(([, value]) => value !== undefined)
  return Object.fromEntries(entries) as Partial<T>
}

export { formatValue } from './format.ts'
