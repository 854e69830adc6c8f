// Parses command lines: positional arguments, options with values, and flags.

/** Wrong usage: the command line prints the help and exits with 2. */
export class UsageError extends Error {}

export interface OptionKinds {
  readonly [name: string]: 'text' | 'texts' | 'number' | 'flag'
}

export interface CliArgs {
  readonly positional: readonly string[]
  text(name: string): string | undefined
  /** The values of an option that may be given more than once. */
  texts(name: string): readonly string[]
  number(name: string): number | undefined
  flag(name: string): boolean
}

/** Parses `--name value`, `--name=value` and flags. Throws `UsageError` for anything else. */
export function parseArgs(argv: readonly string[], types: OptionKinds): CliArgs {
  const values = new Map<string, string>()
  const lists = new Map<string, string[]>()
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
    if (values.has(name)) throw new UsageError(`--${name} is given twice.`)
    if (type === 'flag') {
      if (inline !== undefined) throw new UsageError(`--${name} takes no value.`)
      values.set(name, '')
      continue
    }
    const value = inline ?? argv[++i]
    if (value === undefined) throw new UsageError(`--${name} needs a value.`)
    if (type === 'number' && (value.trim() === '' || !Number.isFinite(Number(value)))) {
      throw new UsageError(`--${name} needs a number, not "${value}".`)
    }
    if (type === 'texts') lists.set(name, [...(lists.get(name) ?? []), value])
    else values.set(name, value)
  }
  return {
    positional,
    text: (name) => values.get(name),
    texts: (name) => lists.get(name) ?? [],
    number: (name) => (values.has(name) ? Number(values.get(name)) : undefined),
    flag: (name) => values.has(name),
  }
}

/** The value of a mandatory option. */
export function required(args: CliArgs, name: string): string {
  const value = args.text(name)
  if (value === undefined || value === '') throw new UsageError(`--${name} is missing.`)
  return value
}

/** The value of an option with a fixed list of words. */
export function oneOf<const T extends string>(
  args: CliArgs,
  name: string,
  words: readonly T[],
  fallback: T,
): T {
  const value = args.text(name) ?? fallback
  const found = words.find((word) => word === value)
  if (found === undefined) throw new UsageError(`--${name} must be ${words.join(' or ')}, not "${value}".`)
  return found
}

const UNIT_BYTES: Readonly<Record<string, number>> = {
  KB: 1e3,
  MB: 1e6,
  GB: 1e9,
  TB: 1e12,
  KiB: 2 ** 10,
  MiB: 2 ** 20,
  GiB: 2 ** 30,
  TiB: 2 ** 40,
}

/** Bytes of an option such as 8GB or 512MiB. */
export function byteSize(args: CliArgs, name: string): number | undefined {
  const text = args.text(name)
  if (text === undefined) return undefined
  const [, number = '', unit = ''] = /^(\d+(?:\.\d+)?)([KMGT]i?B)$/.exec(text) ?? []
  const bytes = Math.floor(Number(number) * (UNIT_BYTES[unit] ?? Number.NaN))
  if (bytes > 0) return bytes
  throw new UsageError(`--${name} must be a size such as 8GB or 512MiB, not "${text}".`)
}

function splitOnce(word: string, at: string): [string, string | undefined] {
  const index = word.indexOf(at)
  return index < 0 ? [word, undefined] : [word.slice(0, index), word.slice(index + 1)]
}

/** A copy of the arguments with one option replaced. */
export const withOption = (args: CliArgs, name: string, value: string): CliArgs => ({
  ...args,
  text: (option) => (option === name ? value : args.text(option)),
})
