// Answers: is this value what the field wants? Small checks that name the field in the error. It must not know which fields there are.
import { HadalError } from './error.ts'

/** A `bad_request` error about one field of the request. */
export function badField(field: string, problem: string, hint = ''): HadalError {
  return new HadalError('bad_request', `\`${field}\` ${problem}.`, { hint })
}

/** The number, undefined when the field is missing or null. Both bounds are included. */
export function optionalNumber(
  field: string,
  value: unknown,
  low: number,
  high: number,
  whole = false,
): number | undefined {
  if (value === undefined || value === null) return undefined
  if (typeof value !== 'number' || !(value >= low && value <= high) || (whole && !Number.isInteger(value))) {
    throw badField(
      field,
      `must be a ${whole ? 'whole ' : ''}number from ${low} to ${high}, not ${shown(value)}`,
    )
  }
  return value
}

/** The same of whole numbers. */
export const optionalInteger = (field: string, value: unknown, low: number, high: number) =>
  optionalNumber(field, value, low, high, true)

/** The boolean, undefined when the field is missing or null. */
export function optionalBoolean(field: string, value: unknown): boolean | undefined {
  if (value === undefined || value === null) return undefined
  if (typeof value !== 'boolean') throw badField(field, `must be true or false, not ${shown(value)}`)
  return value
}

/** One of the words, undefined when the field is missing or null. */
export function optionalWord<const W extends string>(
  field: string,
  value: unknown,
  words: readonly W[],
): W | undefined {
  if (value === undefined || value === null) return undefined
  const found = words.find((word) => word === value)
  if (found === undefined) throw badField(field, `must be one of ${words.join(', ')}, not ${shown(value)}`)
  return found
}

/** The fields of an object, undefined when it is missing or null. */
export function optionalObject(field: string, value: unknown): Record<string, unknown> | undefined {
  if (value === undefined || value === null) return undefined
  if (typeof value !== 'object' || Array.isArray(value))
    throw badField(field, `must be an object, not ${shown(value)}`)
  return { ...value }
}

/** The fields that are there. */
export function given<T extends object>(fields: { [Name in keyof T]: T[Name] | undefined }): Partial<T> {
  const entries = Object.entries(fields).filter(([, value]) => value !== undefined)
  return Object.fromEntries(entries) as Partial<T>
}

/** A value as it may stand in a message: short, whatever it is. */
export function shown(value: unknown): string {
  if (typeof value === 'string') return value.length > 40 ? `"${value.slice(0, 40)}…"` : `"${value}"`
  if (Array.isArray(value)) return 'a list'
  return typeof value === 'object' && value !== null ? 'an object' : String(value)
}
