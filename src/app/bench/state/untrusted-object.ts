// Checks untrusted JSON field by field, and names the path and the rule of a wrong field.
import { HadalError } from '../../../lib/error.ts'
import { isJsonObject } from '../../../lib/json.ts'

/** Characters of a text field. Nothing longer is ever shown. */
const MAX_TEXT_LENGTH = 300

/** An object of an imported file. Every method throws `bad_file` if the field breaks its rule. */
export class UntrustedObject {
  readonly #record: Record<string, unknown>
  readonly #path: string
  readonly #file: string

  constructor(value: unknown, path: string, file: string) {
    this.#path = path
    this.#file = file
    if (!isJsonObject(value)) throw this.invalid('', 'must be an object')
    this.#record = value
  }

  invalid(name: string, rule: string): HadalError {
    const where = [this.#path, name].filter(Boolean).join('.') || 'The file'
    return new HadalError('bad_file', `${where} ${rule}.`, {
      file: this.#file,
      hint: 'Import only results exported by this page or by `hadal bench --json`.',
    })
  }

  has(name: string): boolean {
    return Object.hasOwn(this.#record, name)
  }

  #field(name: string): unknown {
    return this.has(name) ? this.#record[name] : undefined
  }

  /** A finite number from `min` to `max`. */
  number(name: string, min = 0, max = Number.MAX_VALUE): number {
    const value = this.#field(name)
    if (typeof value !== 'number' || !Number.isFinite(value)) throw this.invalid(name, 'must be a number')
    if (value < min || value > max) throw this.invalid(name, `must be from ${min} to ${max}`)
    return value
  }

  count(name: string, min = 0, max = Number.MAX_SAFE_INTEGER): number {
    const value = this.number(name, min, max)
    if (!Number.isInteger(value)) throw this.invalid(name, 'must be a whole number')
    return value
  }

  flag(name: string): boolean {
    const value = this.#field(name)
    if (typeof value !== 'boolean') throw this.invalid(name, 'must be true or false')
    return value
  }

  /** Text on one line, without characters that reorder or hide other text. */
  text(name: string): string {
    const value = this.#field(name)
    if (typeof value !== 'string') throw this.invalid(name, 'must be a text')
    if (value.length > MAX_TEXT_LENGTH)
      throw this.invalid(name, `must have ${MAX_TEXT_LENGTH} characters or fewer`)
    return withoutControlCharacters(value)
  }

  choice<T extends string | number>(name: string, all: readonly T[]): T {
    const value = this.#field(name)
    const found = all.find((known) => known === value)
    if (found === undefined) throw this.invalid(name, `must be ${all.join(' or ')}`)
    return found
  }

  object(name: string): UntrustedObject {
    return new UntrustedObject(this.#field(name), this.#at(name), this.#file)
  }

  objects(name: string, maxEntries: number): UntrustedObject[] {
    return this.#list(name, maxEntries).map(
      (entry, index) => new UntrustedObject(entry, this.#at(`${name}[${index}]`), this.#file),
    )
  }

  /** A list of plain values. `take` checks each as a field of that index. */
  values<T>(name: string, maxEntries: number, take: (fields: UntrustedObject, index: string) => T): T[] {
    const list = this.#list(name, maxEntries)
    const fields = new UntrustedObject({ ...list }, this.#at(name), this.#file)
    return list.map((_, index) => take(fields, String(index)))
  }

  /** Names of the fields present. */
  names(maxFields: number): string[] {
    const names = Object.keys(this.#record)
    if (names.length > maxFields) throw this.invalid('', `must have ${maxFields} fields or fewer`)
    return names
  }

  #list(name: string, maxEntries: number): unknown[] {
    const value = this.#field(name)
    if (!Array.isArray(value)) throw this.invalid(name, 'must be a list')
    if (value.length > maxEntries) throw this.invalid(name, `must have ${maxEntries} entries or fewer`)
    return value
  }

  #at(name: string): string {
    return [this.#path, name].filter(Boolean).join('.')
  }
}

/** One line without control characters, marks that change the writing direction, and invisible characters. */
export function withoutControlCharacters(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}\p{Co}]+/gu, ' ')
}
