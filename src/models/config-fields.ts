// Reads a hostile config.json: look-ups with a family's defaults that refuse unknown values, and the list of
// keys that nothing read.
import { HadalError } from '../lib/error.ts'
import { type FieldError, Fields } from '../lib/fields.ts'
import { formatValue, quoteName } from '../lib/format.ts'
import { Notices } from '../lib/notices.ts'

const FILE = 'config.json'

const invalidConfig: FieldError = (path, rule, value) =>
  new HadalError('bad_config', `${FILE}: ${path || 'the file'} ${rule}; it is ${formatValue(value)}.`, {
    file: FILE,
    hint: 'Check that the file belongs to this model and was downloaded completely.',
  })

/** What a config does not hold itself. */
interface ConfigContext {
  /** Values of keys that the config leaves out. A key that is there but null has none of them. */
  readonly defaults: Readonly<Record<string, unknown>>
  readonly notices: Notices
}

const ALONE: ConfigContext = { defaults: {}, notices: new Notices() }

/**
 * The keys of config.json or of an object in it. Impossible values are `bad_config`, others `unsupported`.
 */
export class ConfigFields extends Fields {
  readonly #context: ConfigContext
  readonly #assumed = new Set<string>()

  constructor(json: unknown, context = ALONE, error: FieldError = invalidConfig, path = '') {
    super(json, error, path)
    this.#context = context
  }

  /** The value, the family's default for a key that is left out, or the fallback for a key without one. */
  override get(key: string, fallback?: unknown): unknown {
    const { defaults } = this.#context
    if (this.includes(key) || !Object.hasOwn(defaults, key)) return super.get(key, fallback)
    this.#assumed.add(key)
    return super.get(key, defaults[key])
  }

  /** The keys of this object that were looked up and had the family's default. */
  assumed(): readonly string[] {
    return [...this.#assumed]
  }

  /** Tells the user something about this object that does not stop a load: "gives two types". */
  note(what: string): void {
    this.#context.notices.add(`${[FILE, this.path].filter(Boolean).join(': ')} ${what}.`)
  }

  protected override view(json: unknown, key: string): this {
    const View = this.constructor as new (...args: ConstructorParameters<typeof ConfigFields>) => this
    const context = { ...this.#context, defaults: {} }
    return new View(json, context, invalidConfig, this.pathOf(key))
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

  /** The token ids below `limit` of a key that holds one or a list; anything else is noted and left out. */
  ids(key: string, limit: number): number[] {
    const value = this.get(key, [])
    const list: readonly unknown[] = Array.isArray(value) ? value : [value]
    const valid = list.filter(
      (id): id is number => typeof id === 'number' && Number.isInteger(id) && id >= 0 && id < limit,
    )
    if (valid.length < list.length)
      this.note(`names tokens in ${key} that the model does not have: ${formatValue(value)}`)
    return valid
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
