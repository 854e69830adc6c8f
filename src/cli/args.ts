// Answers: what was asked on the command line? A small parser for options with and without values; misuse is a UsageError.
// It must not know what any option does.

/** Wrong usage: the command line exits with 2. */
export class UsageError extends Error {}

export interface OptionTypes {
  readonly [name: string]: 'text' | 'number' | 'flag'
}

export interface Args {
  readonly positional: readonly string[]
  text(name: string): string | undefined
  number(name: string): number | undefined
  flag(name: string): boolean
}

/** Parses `--name value`, `--name=value` and flags. Unknown options, missing values and odd numbers are refused. */
export function parseArgs(argv: readonly string[], types: OptionTypes): Args {
  const values = new Map<string, string>()
  const positional: string[] = []
  for (let i = 0; i < argv.length; i++) {
    const word = argv[i] ?? ''
    if (!word.startsWith('--')) {
      positional.push(word)
      continue
    }
    const [name = '', inline] = splitOnce(word.slice(2), '=')
    const type = Object.hasOwn(types, name) ? types[name] : undefined
    if (!type) throw new UsageError(`Unknown option --${name}.`)
    if (values.has(name)) throw new UsageError(`--${name} was given twice.`)
    if (type === 'flag') {
      if (inline !== undefined) throw new UsageError(`--${name} takes no value.`)
      values.set(name, '')
      continue
    }
    const value = inline ?? argv[++i]
    if (value === undefined) throw new UsageError(`--${name} needs a value.`)
    if (type === 'number' && (value.trim() === '' || !Number.isFinite(Number(value)))) {
      throw new UsageError(`--${name} needs a number; it got "${value}".`)
    }
    values.set(name, value)
  }
  return {
    positional,
    text: (name) => values.get(name),
    number: (name) => (values.has(name) ? Number(values.get(name)) : undefined),
    flag: (name) => values.has(name),
  }
}

/** The value of an option that has to be there. */
export function required(args: Args, name: string): string {
  const value = args.text(name)
  if (value === undefined || value === '') throw new UsageError(`--${name} is missing.`)
  return value
}

/** One of the given words. */
export function oneOf<const T extends string>(args: Args, name: string, words: readonly T[], fallback: T): T {
  const value = args.text(name) ?? fallback
  const found = words.find((word) => word === value)
  if (found === undefined) throw new UsageError(`--${name} must be ${words.join(' or ')}; it is "${value}".`)
  return found
}

const UNITS: Readonly<Record<string, number>> = {
  KB: 1e3,
  MB: 1e6,
  GB: 1e9,
  TB: 1e12,
  KiB: 2 ** 10,
  MiB: 2 ** 20,
  GiB: 2 ** 30,
  TiB: 2 ** 40,
}

/** Bytes, from a size such as 8GB or 512MiB. */
export function sizeOf(args: Args, name: string): number | undefined {
  const text = args.text(name)
  if (text === undefined) return undefined
  const [, number = '', unit = ''] = /^(\d+(?:\.\d+)?)([KMGT]i?B)$/.exec(text) ?? []
  const bytes = Math.floor(Number(number) * (UNITS[unit] ?? Number.NaN))
  if (bytes > 0) return bytes
  throw new UsageError(`--${name} must be a size such as 8GB or 512MiB; it is "${text}".`)
}

function splitOnce(word: string, at: string): [string, string | undefined] {
  const index = word.indexOf(at)
  return index < 0 ? [word, undefined] : [word.slice(0, index), word.slice(index + 1)]
}

/** The same command line, but for one option. */
export const withText = (args: Args, name: string, value: string): Args => ({
  ...args,
  text: (asked) => (asked === name ? value : args.text(asked)),
})
