// Parses the fragment (#…) of a page URL field by field and collects the fields that are invalid.

export interface LinkFields {
  /** The parsed value of a field; undefined if it is missing or invalid. */
  field<T>(name: string, parse: (text: string) => T | undefined): T | undefined
  /** Names of the invalid fields so far. */
  readonly refused: readonly string[]
}

export function parseLinkFields(hash: string): LinkFields {
  const parts = new URLSearchParams(hash.replace(/^#/, ''))
  const refused: string[] = []
  return {
    refused,
    field(name, parse) {
      const text = parts.get(name)
      if (text === null) return undefined
      const value = parse(text)
      if (value === undefined) refused.push(name)
      return value
    },
  }
}

/** A whole number of decimal digits from `min` to `max`, or undefined. */
export function parseCount(text: string, min: number, max: number): number | undefined {
  const number = /^\d{1,9}$/.test(text) ? Number(text) : Number.NaN
  return number >= min && number <= max ? number : undefined
}
