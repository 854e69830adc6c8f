// Answers: could one of these words still be completed by what comes next? It must not know what the words mean.

/** The longest end of `text` that one of the `words` begins with, the whole word excepted. */
export function partialEnd(text: string, words: readonly string[]): string {
  let longest = 0
  for (const word of words) {
    for (let length = Math.min(word.length - 1, text.length); length > longest; length--) {
      if (text.endsWith(word.slice(0, length))) longest = length
    }
  }
  return text.slice(text.length - longest)
}
