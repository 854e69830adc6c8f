// Formats sizes, shapes, and names and values from foreign files for messages.

const UNITS = ['bytes', 'KiB', 'MiB', 'GiB', 'TiB'] as const

/** A size for people: `812 bytes`, `1.5 GiB`. */
export function formatBytes(bytes: number): string {
  let unit = 0
  let size = bytes
  while (size >= 1024 && unit < UNITS.length - 1) {
    size /= 1024
    unit++
  }
  return `${unit === 0 ? size : size.toFixed(size < 10 ? 1 : 0)} ${UNITS[unit]}`
}

/** A shape. At most 8 dimensions are printed: a hostile file may claim thousands. */
export const formatShape = (shape: readonly number[]): string =>
  `[${shape.slice(0, 8).join(', ')}${shape.length > 8 ? ', …' : ''}]`

/** Foreign text for a terminal, which would obey control characters: they are escaped. */
export const escapeControls = (text: string): string =>
  text.replace(/\p{Cc}/gu, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`)

const MAX_NAME = 120

/** A name from a file that may be hostile: quoted, control characters escaped, cut to a line. */
export function quoteName(name: string): string {
  return JSON.stringify(name.length > MAX_NAME ? `${name.slice(0, MAX_NAME)}…` : name)
}

const MAX_TEXT = 60
const MAX_LIST = 8

/** A JSON value for a message: short, whatever its size or depth. */
export function formatValue(value: unknown): string {
  if (value === undefined || value === null) return 'missing'
  if (typeof value === 'string')
    return JSON.stringify(value.length > MAX_TEXT ? `${value.slice(0, MAX_TEXT)}…` : value)
  if (Array.isArray(value)) {
    const flat = value.length <= MAX_LIST && value.every((item) => typeof item !== 'object')
    return flat ? `[${value.map(formatValue).join(', ')}]`.slice(0, 100) : `a list of ${value.length}`
  }
  return typeof value === 'object' ? 'an object' : String(value)
}

/** Total bytes of ranges of a file that do not overlap. */
export const totalRangeBytes = (ranges: Iterable<{ readonly start: number; readonly end: number }>): number =>
  [...ranges].reduce((sum, { start, end }) => sum + end - start, 0)
