// Reads a JSON object from outside: typed look-ups that name the field and the rule when a value breaks it.
import type { HadalError } from './error.ts'
import { isJsonObject } from './json.ts'

/** Makes the error for a value that breaks a rule. The path is empty for the whole value. */
export type FieldError = (path: string, rule: string, value: unknown) => HadalError

/** A field that holds a value and was never looked up. */
export interface UnreadField {
  readonly path: string // with the objects around it: `rope_scaling.factor`
  readonly value: unknown
}

/**
 * A read-only view of a JSON object that may be hostile. `null` counts as absent, as in published configs.
 * Look-ups without a fallback throw for an absent field. Nested objects are views of the same class.
 */
export class Fields {
  readonly #values: ReadonlyMap<string, unknown>
  readonly #path: string
  readonly #error: FieldError
  readonly #read = new Set<string>()
  readonly #nested = new Map<string, this>()

  constructor(json: unknown, error: FieldError, path = '') {
    if (!isJsonObject(json)) throw error(path, 'must be an object', json)
    this.#values = new Map(Object.entries(json))
    this.#path = path
    this.#error = error
  }

  has(key: string): boolean {
    return (this.#values.get(key) ?? null) !== null
  }

  /** A whole number in [min, max]. */
  count(key: string, min: number, max: number, fallback?: number): number {
    const value = this.get(key, fallback)
    if (typeof value === 'number' && Number.isInteger(value) && value >= min && value <= max) return value
    throw this.error(key, `must be a whole number ${rangeText(min, max)}`, value)
  }

  /** A number in [min, max]. */
  number(key: string, min: number, max: number, fallback?: number): number {
    const value = this.get(key, fallback)
    if (typeof value === 'number' && value >= min && value <= max) return value
    throw this.error(key, `must be a number ${rangeText(min, max)}`, value)
  }

  flag(key: string, fallback?: boolean): boolean {
    const value = this.get(key, fallback)
    if (typeof value === 'boolean') return value
    throw this.error(key, 'must be true or false', value)
  }

  choice<const T extends string | number>(key: string, choices: readonly T[], fallback?: T): T {
    const value = this.get(key, fallback)
    const found = choices.find((choice) => choice === value)
    if (found !== undefined) return found
    throw this.error(key, `must be one of ${choices.join(', ')}`, value)
  }

  list(key: string): readonly unknown[] {
    const value = this.get(key)
    if (Array.isArray(value)) return value
    throw this.error(key, 'must be a list', value)
  }

  /** A nested object; undefined when it is absent. */
  object(key: string): this | undefined {
    const value = this.get(key)
    if (value === undefined) return undefined
    const View = this.constructor as new (json: unknown, error: FieldError, path: string) => this
    const fields = this.#nested.get(key) ?? new View(value, this.#error, this.pathOf(key))
    this.#nested.set(key, fields)
    return fields
  }

  /** Fields that hold a value and were not looked up, those of nested views included. */
  unread(): UnreadField[] {
    const unread = [...this.#values].filter(([key]) => this.has(key) && !this.#read.has(key))
    return [
      ...unread.map(([key, value]) => ({ path: this.pathOf(key), value })),
      ...[...this.#nested.values()].flatMap((fields) => fields.unread()),
    ]
  }

  /** The error for a value that breaks a rule, for example "must be even". */
  error(key: string, rule: string, value: unknown): HadalError {
    return this.#error(this.pathOf(key), rule, value)
  }

  /** The value, or the fallback where it is absent; counts as read from now on. */
  protected get(key: string, fallback?: unknown): unknown {
    this.#read.add(key)
    return this.has(key) ? this.#values.get(key) : fallback
  }

  protected pathOf(key: string): string {
    return this.#path ? `${this.#path}.${key}` : key
  }
}

const rangeText = (min: number, max: number): string =>
  max === Number.POSITIVE_INFINITY ? `of at least ${min}` : `from ${min} to ${max}`
