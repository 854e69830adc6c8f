// Reads the fields of a request by a table of readers; errors are `bad_request` and name the field.
import { HadalError } from './error.ts'
import { type FieldError, Fields, type NumberRange } from './fields.ts'
import { formatValue } from './format.ts'
import { isJsonObject } from './json.ts'

/** A `bad_request` error about one field of the request. */
export function badField(field: string, problem: string, hint = ''): HadalError {
  return new HadalError('bad_request', `\`${field}\` ${problem}.`, { hint })
}

const invalidField: FieldError = (path, rule, value) =>
  badField(path || 'request', `${rule}, not ${formatValue(value)}`)

/** The fields of a request or of the options of a call. */
export const requestFields = (json: unknown): Fields => new Fields(json, invalidField)

/** The first field that holds a value and is not known. */
export const unknownField = (fields: Fields, isKnown: (field: string) => boolean): string | undefined =>
  fields.keys().find((field) => fields.has(field) && !isKnown(field))

/** Reads one field that holds a value. */
export type FieldReader<T> = (fields: Fields, key: string) => T

export const numberIn =
  (range: NumberRange): FieldReader<number> =>
  (fields, key) =>
    fields.numberIn(key, range)

/** Both bounds are included. */
export const wholeNumber = (min: number, max: number) => numberIn({ min, max, whole: true })

export const flag: FieldReader<boolean> = (fields, key) => fields.flag(key)

export const oneOf =
  <const W extends string>(words: readonly W[]): FieldReader<W> =>
  (fields, key) =>
    fields.choice(key, words)

/** A copy of an object of JSON values. */
export const jsonObject: FieldReader<Record<string, unknown>> = (fields, key) => {
  const value = fields.get(key)
  let copy: unknown
  try {
    copy = JSON.parse(JSON.stringify(value))
  } catch {
    // Left undefined: cycles and big integers are not JSON.
  }
  if (isJsonObject(copy)) return copy
  throw fields.error(key, 'must be an object of JSON values', value)
}

type FieldReaders = Readonly<Record<string, FieldReader<unknown>>>
type ReadValues<R extends FieldReaders> = { readonly [Field in keyof R]?: ReturnType<R[Field]> }

/** The fields that hold a value, each read by its reader. Other fields are ignored. */
export function readFields<const R extends FieldReaders>(fields: Fields, readers: R): ReadValues<R> {
  const present = Object.entries(readers).filter(([key]) => fields.has(key))
  return Object.fromEntries(present.map(([key, read]) => [key, read(fields, key)])) as ReadValues<R>
}

/** One value read as a field of this name; undefined when there is none. */
export function readField<T>(field: string, value: unknown, read: FieldReader<T>): T | undefined {
  const fields = requestFields({ [field]: value })
  return fields.has(field) ? read(fields, field) : undefined
}

/** The same object without the fields that are undefined. */
export function definedFields<T extends object>(
  fields: { [Name in keyof T]: T[Name] | undefined },
): Partial<T> {
  const entries = Object.entries(fields).filter(([, value]) => value !== undefined)
  return Object.fromEntries(entries) as Partial<T>
}
