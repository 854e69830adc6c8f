// Answers: how are sizes and foreign names written in a message? It must not know which message.

const units = ['bytes', 'KiB', 'MiB', 'GiB', 'TiB'] as const

/** A size for people: `812 bytes`, `1.5 GiB`. */
export function formatBytes(bytes: number): string {
  let unit = 0
  let size = bytes
  while (size >= 1024 && unit < units.length - 1) {
    size /= 1024
    unit++
  }
  return `${unit === 0 ? size : size.toFixed(size < 10 ? 1 : 0)} ${units[unit]}`
}

/** A shape, however many dimensions a file claims. */
export const formatShape = (shape: readonly number[]): string =>
  `[${shape.slice(0, 8).join(', ')}${shape.length > 8 ? ', …' : ''}]`

/** A text from a stranger for a terminal: control characters, which it would obey, are escaped. */
export const printable = (text: string): string =>
  text.replace(/\p{Cc}/gu, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`)

const longest = 120

/** A name from a file that may be hostile: quoted, control characters escaped, never longer than a line. */
export function quote(name: string): string {
  return JSON.stringify(name.length > longest ? `${name.slice(0, longest)}…` : name)
}

/** Bytes of ranges of a file, which do not overlap. */
export const spannedBytes = (ranges: Iterable<{ readonly start: number; readonly end: number }>): number =>
  [...ranges].reduce((sum, { start, end }) => sum + end - start, 0)
