// Reads a hostile config.json: look-ups that refuse unknown values, and a list of the keys that nothing read.

import { HadalError } from '../lib/error.ts'
import { type FieldError, Fields } from '../lib/fields.ts'
import { formatValue, quoteName } from '../lib/format.ts'

const FILE = 'config.json'

const invalidConfig: FieldError = (path, rule, value) =>
  new HadalError('bad_config', `${FILE}: ${path || 'the file'} ${rule}; it is ${formatValue(value)}.`, {
    file: FILE,
    hint: 'Check that the file belongs to this model and was downloaded completely.',
  })

/**
 * The keys of config.json or of an object in it. Impossible values are `bad_config`, others `unsupported`.
 */
export class ConfigFields extends Fields {
  constructor(json: unknown, error: FieldError = invalidConfig, path = '') {
    super(json, error, path)
  }

  /** One of the given values. Any other is `unsupported`: it may be right, and must not be guessed. */
  override choice<const T extends string | number>(
    key: string,
    choices: readonly T[],
    fallback?: T,
    hint?: string,
  ): T {
    const value = this.get(key, fallback)
    const found = choices.find((choice) => choice === value)
    if (found !== undefined) return found
    throw this.unsupported(key, hint ?? `This version runs ${choices.join(', ')}.`)
  }

  /** A key that may be absent or hold this one value: a number, a string or a flag. */
  only(key: string, expected: number | string | boolean): void {
    if (this.get(key, expected) !== expected)
      throw this.unsupported(key, `In this model it can only be ${expected}.`)
  }

  /** Marks keys as read that have no meaning here, because of what other keys say. */
  ignore(...keys: readonly string[]): void {
    for (const key of keys) this.get(key)
  }

  /** One token id or a list of them, without those from `limit` on, which a model cannot produce. */
  ids(key: string, limit: number): number[] {
    const value = this.get(key, [])
    const list = Array.isArray(value) ? value : [value]
    if (list.every((id): id is number => Number.isInteger(id) && id >= 0))
      return list.filter((id) => id < limit)
    throw this.error(key, 'must be whole numbers', value)
  }

  /** The error for a value that may be right, but that this version does not run. */
  unsupported(key: string, hint: string): HadalError {
    return unsupportedKey(this.pathOf(key), this.get(key), hint)
  }
}

/** The error for a key whose value this version does not run. */
export function unsupportedKey(path: string, value: unknown, hint: string): HadalError {
  const key = /^[\w.-]{1,100}$/.test(path) ? path : quoteName(path)
  return new HadalError('unsupported', `${FILE}: ${key} is ${formatValue(value)}.`, { file: FILE, hint })
}
