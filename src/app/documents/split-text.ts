// Splits a long text at line ends, so that the browser lays out only the parts that are on the screen.

const PART_LENGTH = 4000

/** The parts without the line feeds between them. */
export function splitText(text: string): string[] {
  const parts: string[] = []
  let start = 0
  while (text.length - start > PART_LENGTH) {
    const end = text.indexOf('\n', start + PART_LENGTH)
    if (end < 0) break
    parts.push(text.slice(start, end))
    start = end + 1
  }
  return [...parts, text.slice(start)]
}
