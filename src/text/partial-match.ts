// Finds the end of a text that could be the beginning of a word, such as a stop string or a tag.

/** The longest suffix of `text` that is a proper prefix of one of the `words`. */
export function partialMatch(text: string, words: readonly string[]): string {
  let longest = 0
  for (const word of words) {
    for (let length = Math.min(word.length - 1, text.length); length > longest; length--) {
      if (text.endsWith(word.slice(0, length))) longest = length
    }
  }
  return text.slice(text.length - longest)
}
