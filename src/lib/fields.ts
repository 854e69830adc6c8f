// Reads a JSON object from outside: typed look-ups that name the field and the rule when a value breaks it.
import type { HadalError } from './error.ts'
import { isJsonObject } from './json.ts'

/** Makes the error for a value that breaks a rule. The path is empty for the whole value. */
export type FieldError = (path: string, rule: string, value: unknown) => HadalError

/** The numbers that a field may hold, both bounds included. */
export interface NumberRange {
  readonly min: number
  readonly max: number
  readonly whole?: boolean // whole numbers only
}

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
  readonly path: string // of this object; empty for the whole value
  readonly #error: FieldError
  readonly #read = new Set<string>()
  readonly #nested = new Map<string, this>()

  constructor(json: unknown, error: FieldError, path = '') {
    if (!isJsonObject(json)) throw error(path, 'must be an object', json)
    this.#values = new Map(Object.entries(json))
    this.path = path
    this.#error = error
  }

  has(key: string): boolean {
    return (this.#values.get(key) ?? null) !== null
  }

  /** Names of all fields. */
  keys(): string[] {
    return [...this.#values.keys()]
  }

  /** Whether the field is there at all, be it null. */
  includes(key: string): boolean {
    return this.#values.has(key)
  }

  /** A whole number in [min, max]. */
  count(key: string, min: number, max: number, fallback?: number): number {
    return this.numberIn(key, { min, max, whole: true }, fallback)
  }

  /** A number in [min, max]. */
  number(key: string, min: number, max: number, fallback?: number): number {
    return this.numberIn(key, { min, max }, fallback)
  }

  numberIn(key: string, range: NumberRange, fallback?: number): number {
    const value = this.get(key, fallback)
    if (isInRange(value, range)) return value
    throw this.error(key, `must be a ${range.whole ? 'whole ' : ''}number ${rangeText(range)}`, value)
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

  list(key: string, maxEntries = Number.POSITIVE_INFINITY): readonly unknown[] {
    const value = this.get(key)
    if (!Array.isArray(value)) throw this.error(key, 'must be a list', value)
    if (value.length > maxEntries) throw this.error(key, `must have ${maxEntries} entries or fewer`, value)
    return value
  }

  /** A list of objects. `unread` leaves their fields out. */
  objects(key: string, maxEntries?: number): this[] {
    return this.list(key, maxEntries).map((entry, index) => this.view(entry, `${key}[${index}]`))
  }

  /** A nested object; undefined when it is absent. */
  object(key: string): this | undefined {
    if (!this.has(key)) return undefined
    const fields = this.#nested.get(key) ?? this.view(this.get(key), key)
    this.#nested.set(key, fields)
    return fields
  }

  /** A nested object that must be there. */
  requiredObject(key: string): this {
    return this.object(key) ?? this.view(undefined, key)
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

  /** The unchecked value, or the fallback where it is absent. Marks the field as read. */
  get(key: string, fallback?: unknown): unknown {
    this.#read.add(key)
    return this.has(key) ? this.#values.get(key) : fallback
  }

  /** A view of a value within this one, named by its key. */
  protected view(json: unknown, key: string): this {
    const View = this.constructor as new (json: unknown, error: FieldError, path: string) => this
    return new View(json, this.#error, this.pathOf(key))
  }

  protected pathOf(key: string): string {
    return [this.path, key].filter(Boolean).join('.')
  }
}

export const isInRange = (value: unknown, { min, max, whole = false }: NumberRange): value is number =>
  typeof value === 'number' && value >= min && value <= max && (!whole || Number.isInteger(value))

// Such a maximum only excludes infinity, so a message that states it would not help.
const rangeText = ({ min, max }: NumberRange): string =>
  max >= Number.MAX_SAFE_INTEGER ? `of at least ${min}` : `from ${min} to ${max}`
