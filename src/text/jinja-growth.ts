// Answers: how large would the text be that a filter or method of a template makes? Asked before it is made, because these
// few multiply the sizes they are given. It must not know limits, nor how templates are evaluated.

/** A value of a template, as far as sizes matter. */
export interface Operand {
  readonly type: string
  readonly value: unknown
}

export interface Extent {
  /** If it were printed, in characters and elements. */
  readonly size: number
  readonly depth: number
}

/** The arguments of a call, evaluated. */
export interface Arguments {
  readonly positional: readonly Operand[]
  readonly named: ReadonlyMap<string, Operand>
}

type Growth = (operand: Operand, extent: Extent, args: Arguments) => number

const textOf = (operand: Operand | undefined): string => {
  if (Array.isArray(operand?.value)) return operand.value.map((part: Operand) => textOf(part)).join('')
  return typeof operand?.value === 'string' ? operand.value : ''
}
const numberOf = (operand: Operand | undefined, missing: number): number =>
  typeof operand?.value === 'number' ? operand.value : missing

const growths: Readonly<Record<string, Growth>> = {
  replace(operand, { size }, { positional: [old, replacement] }) {
    return size + occurrences(textOf(operand), textOf(old)) * textOf(replacement).length
  },
  join(operand, { size }, { positional, named }) {
    const parts = Array.isArray(operand.value) ? operand.value.length : size
    return size + parts * textOf(positional[0] ?? named.get('separator')).length
  },
  indent(operand, { size }, { positional, named }) {
    const width = numberOf(positional[0] ?? named.get('width'), 4)
    return size + (occurrences(textOf(operand), '\n') + 1) * width
  },
  tojson(_, { size, depth }, { named }) {
    const padding = numberOf(named.get('indent'), 0) * (depth + 1)
    return size * (1 + padding + textOf(named.get('separators')).length)
  },
}

/** Whether the arguments of this filter or method say how much it makes. */
export const grows = (name: unknown): name is string =>
  typeof name === 'string' && Object.hasOwn(growths, name)

/** At least the size of what this filter or method makes of `operand`. */
export function grownSize(name: string, operand: Operand, extent: Extent, args: Arguments): number {
  return growths[name]?.(operand, extent, args) ?? 0
}

/** How often a text contains another; an empty one is between all characters. */
function occurrences(text: string, part: string): number {
  if (part === '') return text.length + 1
  let count = 0
  for (let at = text.indexOf(part); at >= 0; at = text.indexOf(part, at + part.length)) count++
  return count
}
