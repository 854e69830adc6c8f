// Answers: how is a hostile config.json read? Typed look-ups that name the key and the rule when they fail.
// It must not know what the keys mean.
import { HadalError } from '../lib/error.ts'
import { isRecord } from '../lib/record.ts'

const FILE = 'config.json'

/** A read-only view of a JSON object; `null` counts as absent, as in published configs. */
export class Fields {
  readonly #values: ReadonlyMap<string, unknown>
  readonly #path: string

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

  /** A finite number above `above`. */
  number(key: string, above: number, fallback?: number): number {
    const value = this.#get(key, fallback)
    if (typeof value === 'number' && Number.isFinite(value) && value > above) return value
    throw this.error(key, `must be a number above ${above}`, value)
  }

  flag(key: string, fallback: boolean): boolean {
    const value = this.#get(key, fallback)
    if (typeof value === 'boolean') return value
    throw this.error(key, 'must be true or false', value)
  }

  /** One of the given strings: anything else is refused by name rather than guessed. */
  choice<const T extends string>(key: string, choices: readonly T[], fallback?: T): T {
    const value = this.#get(key, fallback)
    const found = choices.find((choice) => choice === value)
    if (found !== undefined) return found
    throw new HadalError('unsupported', `${FILE}: ${this.#path}${key} is ${JSON.stringify(value)}.`, {
      file: FILE,
      hint: `This version runs ${choices.join(', ')}.`,
    })
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
    return this.has(key) ? new Fields(this.#values.get(key), `${this.#path}${key}.`) : undefined
  }

  error(key: string, rule: string, value: unknown): HadalError {
    const shown = JSON.stringify(value)?.slice(0, 80) ?? 'missing'
    return new HadalError('bad_config', `${FILE}: ${this.#path}${key} ${rule}; it is ${shown}.`, {
      file: FILE,
      hint: 'Check that the file belongs to this model and was downloaded completely.',
    })
  }

  #get(key: string, fallback: unknown): unknown {
    const value = this.#values.get(key) ?? null
    return value === null ? fallback : value
  }
}
