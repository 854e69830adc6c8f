// Answers: which blocks does a growing Markdown text consist of? Only its end is read again when text is added.
// It must not know how a block is shown.
import { lexer, type Token } from 'marked'

/** The blocks of a text, and where each begins; hand it back with the longer text to save work. */
export interface Blocks {
  readonly text: string
  readonly tokens: readonly Token[]
}

export const noBlocks: Blocks = { text: '', tokens: [] }

// What follows can still change the last block (a list goes on, a line of dashes makes a heading) and the space before it.
const unsettled = 2

/** The blocks of a text. If it begins with the previous text, all but the last blocks are taken over as they are. */
export function blocksOf(written: string, previous: Blocks = noBlocks): Blocks {
  // As the parser does it: blocks are found again by the length of what it gives back.
  const text = written.replace(/\r\n?/g, '\n')
  if (text === previous.text) return previous
  const grown = text.startsWith(previous.text)
  const settled = grown ? previous.tokens.slice(0, -unsettled) : []
  const start = settled.reduce((length, token) => length + token.raw.length, 0)
  return { text, tokens: [...settled, ...lexed(text.slice(start))] }
}

function lexed(text: string): Token[] {
  try {
    return lexer(text)
  } catch {
    // Absurdly deep nesting exhausts the parser: the text is shown as it is.
    return [{ type: 'text', raw: text, text }]
  }
}
