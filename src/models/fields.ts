// Answers: how is a hostile config.json read? Typed look-ups that name the key and the rule when they fail, and a record of what nobody looked at.
// It must not know what the keys mean.
import { quote } from '../lib/bytes.ts'
import { HadalError } from '../lib/error.ts'
import { isRecord } from '../lib/record.ts'

const FILE = 'config.json'

/** A key that says something and was not read. */
export interface Leftover {
  readonly path: string // with the objects around it: `rope_scaling.factor`
  readonly value: unknown
}

/** A read-only view of a JSON object; `null` counts as absent, as in published configs. */
export class Fields {
  readonly #values: ReadonlyMap<string, unknown>
  readonly #path: string
  readonly #read = new Set<string>()
  readonly #inner = new Map<string, Fields>()

  constructor(json: unknown, path = '') {
    if (!isRecord(json)) {
      throw new HadalError('bad_config', `${FILE}: ${path || 'the file'} must be an object.`, { file: FILE })
    }
    this.#values = new Map(Object.entries(json))
    this.#path = path
  }

  has(key: string): boolean {
    return (this.#values.get(key) ?? null) !== null
  }

  /** A whole number in [least, most]. */
  count(key: string, least: number, most: number, fallback?: number): number {
    const value = this.#get(key, fallback)
    if (typeof value === 'number' && Number.isInteger(value) && value >= least && value <= most) return value
    throw this.error(key, `must be a whole number from ${least} to ${most}`, value)
  }

  /** A number in [least, most]. */
  number(key: string, least: number, most: number, fallback?: number): number {
    const value = this.#get(key, fallback)
    if (typeof value === 'number' && value >= least && value <= most) return value
    throw this.error(key, `must be a number from ${least} to ${most}`, value)
  }

  flag(key: string, fallback?: boolean): boolean {
    const value = this.#get(key, fallback)
    if (typeof value === 'boolean') return value
    throw this.error(key, 'must be true or false', value)
  }

  /** One of the given strings: anything else is refused by name rather than guessed. */
  choice<const T extends string>(key: string, choices: readonly T[], fallback?: T, hint?: string): T {
    const value = this.#get(key, fallback)
    const found = choices.find((choice) => choice === value)
    if (found !== undefined) return found
    throw this.unsupported(key, hint ?? `This version runs ${choices.join(', ')}.`)
  }

  /** A key that may be left out, or say what holds anyway: a number, a string or a flag. */
  only(key: string, wanted: number | string | boolean): void {
    const value = this.#get(key, wanted)
    if (value !== wanted) throw this.unsupported(key, `In this model it can only be ${wanted}.`)
  }

  /** Keys that have no meaning here, because of what others say. */
  ignore(...keys: readonly string[]): void {
    for (const key of keys) this.#read.add(key)
  }

  /** One id or a list of ids below `limit`. */
  ids(key: string, limit: number): number[] {
    const value = this.#get(key, [])
    const list = Array.isArray(value) ? value : [value]
    if (list.every((id): id is number => Number.isInteger(id) && id >= 0 && id < limit)) return list
    throw this.error(key, `must be ids below ${limit}`, value)
  }

  list(key: string): readonly unknown[] {
    const value = this.#get(key, undefined)
    if (Array.isArray(value)) return value
    throw this.error(key, 'must be a list', value)
  }

  object(key: string): Fields | undefined {
    const value = this.#get(key, undefined)
    if (value === undefined) return undefined
    const fields = this.#inner.get(key) ?? new Fields(value, `${this.#path}${key}.`)
    this.#inner.set(key, fields)
    return fields
  }

  /** Keys that say something and were not read, those of objects that were read included. */
  leftovers(): Leftover[] {
    const own = [...this.#values].filter(([key]) => this.has(key) && !this.#read.has(key))
    return [
      ...own.map(([key, value]) => ({ path: this.#path + key, value })),
      ...[...this.#inner.values()].flatMap((fields) => fields.leftovers()),
    ]
  }

  /** A value that cannot be. */
  error(key: string, rule: string, value: unknown): HadalError {
    const what = `${this.#path}${key} ${rule}; it is ${shown(value)}`
    return new HadalError('bad_config', `${FILE}: ${what}.`, {
      file: FILE,
      hint: 'Check that the file belongs to this model and was downloaded completely.',
    })
  }

  /** A value that may be right, but is not run. */
  unsupported(key: string, hint: string): HadalError {
    return unsupportedKey(this.#path + key, this.#values.get(key), hint)
  }

  #get(key: string, fallback: unknown): unknown {
    this.#read.add(key)
    const value = this.#values.get(key) ?? null
    return value === null ? fallback : value
  }
}

/** The error for a key whose value this version does not run. */
export function unsupportedKey(path: string, value: unknown, hint: string): HadalError {
  return new HadalError(
    'unsupported',
    `${FILE}: ${/^[\w.-]{1,100}$/.test(path) ? path : quote(path)} is ${shown(value)}.`,
    {
      file: FILE,
      hint,
    },
  )
}

/** A value in an error message, whatever its size or depth. */
function shown(value: unknown): string {
  if (value === undefined || value === null) return 'missing'
  if (typeof value === 'string') return JSON.stringify(value.slice(0, 80))
  if (Array.isArray(value)) {
    const plain = value.length <= 8 && value.every((each) => typeof each !== 'object')
    return plain ? `[${value.map(shown).join(', ')}]`.slice(0, 100) : `a list of ${value.length}`
  }
  return typeof value === 'object' ? 'an object' : String(value)
}
