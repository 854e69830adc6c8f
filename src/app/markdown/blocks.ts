// Splits growing Markdown into blocks; appended text only re-parses the last blocks.
import { lexer, type Token } from 'marked'

/** A text and its parsed blocks. Pass it to the next call with the longer text to reuse them. */
export interface MarkdownBlocks {
  readonly text: string
  readonly tokens: readonly Token[]
}

export const NO_BLOCKS: MarkdownBlocks = { text: '', tokens: [] }

// Appended text can still change the last block (a list continues, a line of dashes makes a heading) and the
// space token before it.
const UNSTABLE_BLOCKS = 2

/** The blocks of a text. If it extends the previous text, all but the last blocks are reused. */
export function splitBlocks(written: string, previous: MarkdownBlocks = NO_BLOCKS): MarkdownBlocks {
  // The parser normalizes line ends too. Block starts are sums of `raw` lengths, so both must agree.
  const text = written.replace(/\r\n?/g, '\n')
  if (text === previous.text) return previous
  const grown = text.startsWith(previous.text)
  const kept = grown ? previous.tokens.slice(0, -UNSTABLE_BLOCKS) : []
  const start = kept.reduce((length, token) => length + token.raw.length, 0)
  return { text, tokens: [...kept, ...parseMarkdown(text.slice(start))] }
}

function parseMarkdown(text: string): Token[] {
  try {
    return lexer(text)
  } catch {
    // Extremely deep nesting overflows the parser's stack: show the text as it is.
    return [{ type: 'text', raw: text, text }]
  }
}
