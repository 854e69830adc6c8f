// Answers: does a piece of foreign JSON say what it should? Each field is taken by name, checked, and refused with its path.
// It must not know what the fields mean.
import { HadalError } from '../../../lib/error.ts'
import { isRecord } from '../../../lib/record.ts'

/** The longest text that is taken; nothing that is shown is longer. */
const longestText = 300

/** An object of a file, whose fields are taken one by one. */
export class Fields {
  readonly #record: Record<string, unknown>
  readonly #path: string
  readonly #file: string

  constructor(value: unknown, path: string, file: string) {
    this.#path = path
    this.#file = file
    if (!isRecord(value)) throw this.wrong('', 'must be an object')
    this.#record = value
  }

  wrong(name: string, rule: string): HadalError {
    const where = [this.#path, name].filter(Boolean).join('.') || 'The file'
    return new HadalError('bad_file', `${where} ${rule}.`, {
      file: this.#file,
      hint: 'Only results that this page or the command line has exported can be compared.',
    })
  }

  has(name: string): boolean {
    return Object.hasOwn(this.#record, name)
  }

  #own(name: string): unknown {
    return this.has(name) ? this.#record[name] : undefined
  }

  /** A finite number of at least `least`. */
  number(name: string, least = 0, most = Number.MAX_VALUE): number {
    const value = this.#own(name)
    if (typeof value !== 'number' || !Number.isFinite(value)) throw this.wrong(name, 'must be a number')
    if (value < least || value > most) throw this.wrong(name, `must be from ${least} to ${most}`)
    return value
  }

  count(name: string, least = 0, most = Number.MAX_SAFE_INTEGER): number {
    const value = this.number(name, least, most)
    if (!Number.isInteger(value)) throw this.wrong(name, 'must be a whole number')
    return value
  }

  flag(name: string): boolean {
    const value = this.#own(name)
    if (typeof value !== 'boolean') throw this.wrong(name, 'must be true or false')
    return value
  }

  /** A text, on one line: what could reorder or hide other text is left out. */
  text(name: string): string {
    const value = this.#own(name)
    if (typeof value !== 'string') throw this.wrong(name, 'must be a text')
    if (value.length > longestText) throw this.wrong(name, `must have ${longestText} characters or fewer`)
    return plain(value)
  }

  choice<T extends string | number>(name: string, all: readonly T[]): T {
    const value = this.#own(name)
    const found = all.find((each) => each === value)
    if (found === undefined) throw this.wrong(name, `must be ${all.join(' or ')}`)
    return found
  }

  object(name: string): Fields {
    return new Fields(this.#own(name), this.#at(name), this.#file)
  }

  objects(name: string, most: number): Fields[] {
    return this.#list(name, most).map(
      (each, index) => new Fields(each, this.#at(`${name}[${index}]`), this.#file),
    )
  }

  /** A list of values that are checked as if each were a field. */
  values<T>(name: string, most: number, take: (fields: Fields, index: string) => T): T[] {
    const list = this.#list(name, most)
    const fields = new Fields({ ...list }, this.#at(name), this.#file)
    return list.map((_, index) => take(fields, String(index)))
  }

  /** The names of the fields that there are. */
  names(most: number): string[] {
    const names = Object.keys(this.#record)
    if (names.length > most) throw this.wrong('', `must have ${most} fields or fewer`)
    return names
  }

  #list(name: string, most: number): unknown[] {
    const value = this.#own(name)
    if (!Array.isArray(value)) throw this.wrong(name, 'must be a list')
    if (value.length > most) throw this.wrong(name, `must have ${most} entries or fewer`)
    return value
  }

  #at(name: string): string {
    return [this.#path, name].filter(Boolean).join('.')
  }
}

/** One line without characters that steer: controls, marks that change the direction of writing, invisible ones. */
export function plain(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}\p{Co}]+/gu, ' ')
}
