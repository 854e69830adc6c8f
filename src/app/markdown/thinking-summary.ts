// One line that says where a growing thinking text is: its last heading or whole sentence.

// Only the end is looked at, so a long text costs no more than a short one.
const READ_CHARACTERS = 1500
const MAX_LENGTH = 100

/** A summary of at most 100 characters in one line; empty for an empty text. */
export function thinkingSummary(thinking: string): string {
  const end = thinking.slice(-READ_CHARACTERS)
  const whole = end.length === thinking.length
  const lines = end.split('\n')
  // A cut first line and a last line that is still written may hold half a sentence.
  const sentences = lines.flatMap((line, index) => {
    const complete = index < lines.length - 1
    const parts = sentencesOf(plainLine(line), complete)
    return index === 0 && !whole ? parts.slice(1) : parts
  })
  const last = sentences.at(-1) ?? plainLine(lines.at(-1) ?? '')
  const points = [...last]
  return points.length <= MAX_LENGTH
    ? last
    : `${points
        .slice(0, MAX_LENGTH - 1)
        .join('')
        .trimEnd()}…`
}

/** A line without the marks of Markdown. */
function plainLine(line: string): string {
  return line
    .replace(/^[\s>]*(?:#{1,6}\s+|[-*+]\s+|\d{1,9}[.)]\s+)?/, '')
    .replace(/[*_`]{1,3}(?=\S)|(?<=\S)[*_`]{1,3}/g, '')
    .replace(/\s+/g, ' ')
    .trim()
}

/** `complete`: the line has ended, and so has its last sentence. */
function sentencesOf(line: string, complete: boolean): string[] {
  const parts = line
    .split(/(?<=[.!?…]["”’)]*)\s+|(?<=[。！？])/u)
    .filter((part) => /[\p{L}\p{N}]/u.test(part))
  const ended = complete || /[.!?…。！？]["”’)]*$/.test(line)
  return ended ? parts : parts.slice(0, -1)
}
