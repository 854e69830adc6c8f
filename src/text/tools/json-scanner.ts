// Finds the end of a JSON object as its characters arrive. Whether it is valid is for JSON.parse to say.

/** `refused`: no call goes on like this. */
export type ScanState = 'more' | 'done' | 'refused'

/** White space as JSON has it, and the formats between their parts. */
export const isSpace = (char: string): boolean => ' \t\r\n'.includes(char)

const OUTSIDE_STRINGS = /^[\w\s{}[\],:.+-]$/
const MAX_KEY = 64

export class JsonScanner {
  readonly #keys: readonly string[] | undefined
  #depth = 0
  #inString = false
  #escaped = false
  #previous = '' // the last character outside strings that is no white space
  #key: string | undefined // the key of the outermost object that is being read

  /**
   * @param keys the keys that the outermost object may have; without them, any
   */
  constructor(keys?: readonly string[]) {
    this.#keys = keys
  }

  take(char: string): ScanState {
    if (this.#inString) return this.#takeInString(char)
    if (isSpace(char)) return 'more'
    if (this.#depth === 0 && char !== '{') return 'refused'
    if (char === '"') this.#beginString()
    else if (!OUTSIDE_STRINGS.test(char)) return 'refused'
    if (char === '{' || char === '[') this.#depth++
    if (char === '}' || char === ']') this.#depth--
    this.#previous = char
    return this.#depth === 0 ? 'done' : 'more'
  }

  #beginString(): void {
    this.#inString = true
    const isKey = this.#keys && this.#depth === 1 && (this.#previous === '{' || this.#previous === ',')
    this.#key = isKey ? '' : undefined
  }

  #takeInString(char: string): ScanState {
    const isEnd = char === '"' && !this.#escaped
    this.#escaped = char === '\\' && !this.#escaped
    if (!isEnd) {
      if (this.#key !== undefined && this.#key.length < MAX_KEY) this.#key += char
      return 'more'
    }
    this.#inString = false
    return this.#key !== undefined && !this.#keys?.includes(this.#key) ? 'refused' : 'more'
  }
}
