// Answers: what does the part of an address behind the # say, part by part? Believed only as far as it makes sense; what is not understood is
// named. It must not know which parts there are.

export interface LinkParts {
  /** What a part means; undefined where it is missing or not understood. */
  part<T>(name: string, understand: (text: string) => T | undefined): T | undefined
  /** Names of the parts that were not understood so far. */
  readonly refused: readonly string[]
}

export function linkParts(hash: string): LinkParts {
  const parts = new URLSearchParams(hash.replace(/^#/, ''))
  const refused: string[] = []
  return {
    refused,
    part(name, understand) {
      const text = parts.get(name)
      if (text === null) return undefined
      const value = understand(text)
      if (value === undefined) refused.push(name)
      return value
    },
  }
}

/** Whole numbers in decimal digits only. */
export function countOf(text: string, least: number, most: number): number | undefined {
  const number = /^\d{1,9}$/.test(text) ? Number(text) : Number.NaN
  return number >= least && number <= most ? number : undefined
}
