// The Markdown that answers use: GFM by marked's lexer, with math and footnotes. HTML is never made.
import { Lexer, Marked, type Token, type TokenizerExtension } from 'marked'

/** A formula. `display`: on lines of its own, or written with the delimiters for that. */
export interface MathToken {
  readonly type: 'math'
  readonly raw: string
  readonly text: string
  readonly display: boolean
}

/** A place in the text that names a footnote. */
export interface NoteReference {
  readonly type: 'noteReference'
  readonly raw: string
  readonly label: string
}

/** The text of a footnote. */
export interface NoteDefinition {
  readonly type: 'note'
  readonly raw: string
  readonly label: string
  readonly tokens: Token[]
}

/** Addresses of reference links, by label. */
export type Links = Lexer['tokens']['links']

// A formula with blank lines is two paragraphs with stray delimiters. Code spans win: no backticks within.
const MATH_BLOCK =
  /^ {0,3}(?:\$\$((?:(?!\n[ \t]*\n|\$\$)[^`])+)\$\$|\\\[((?:(?!\n[ \t]*\n|\\\])[^`])+)\\\])[ \t]*(?:\n+|$)/
const MATH_BLOCK_START = /\n {0,3}(?:\$\$|\\\[)/
// As in pandoc, a `$` next to a space on the inside is no delimiter; neither is one before a letter or digit
// on the outside. So "$5 and $10" stays text.
const MATH_INLINE = [
  [/^\$\$((?:(?!\$\$|\n\n)[^`])+)\$\$/, true],
  [/^\\\[((?:(?!\\\]|\n\n)[^`])+)\\\]/, true],
  [/^\\\(((?:(?!\\\)|\n\n)[^`])+)\\\)/, false],
  [/^\$((?![\s$])(?:\\[^\n`]|[^\\$`\n])*?(?:\\[^\s`]|[^\\$`\s]))\$(?![\p{L}\p{N}$])/u, false],
] as const
const MATH_INLINE_START = /(?<![\p{L}\p{N}\\$])\$|\\[[(]/u

const NOTE_LABEL = '\\[\\^([^\\]\\s\\[^]{1,80})\\]'
const NOTE_REFERENCE = new RegExp(`^${NOTE_LABEL}(?!:)`)
const BLOCK_START = ' {0,3}(?:\\[\\^|[#>|]|[-*+] |\\d+[.)] |```|~~~|\\$\\$)'
// Indented lines continue a note, also after blank ones; other lines do unless they begin a block.
const NOTE_LINES = `(?:\\n(?!${BLOCK_START}|[ \\t]*\\n)[^\\n]+|\\n+(?: {2,}|\\t)[^\\n]+)*`
const NOTE = new RegExp(`^ {0,3}${NOTE_LABEL}:[ \\t]*([^\\n]*${NOTE_LINES})(?:\\n|$)`)
const NOTE_START = new RegExp(`\\n {0,3}${NOTE_LABEL}:`)

const blockMath: TokenizerExtension = {
  name: 'math',
  level: 'block',
  start: (text) => MATH_BLOCK_START.exec(text)?.index,
  tokenizer(text) {
    const found = MATH_BLOCK.exec(text)
    return found ? mathToken(found[0], found[1] ?? found[2] ?? '', true) : undefined
  },
}

const inlineMath: TokenizerExtension = {
  name: 'math',
  level: 'inline',
  start: (text) => MATH_INLINE_START.exec(text)?.index,
  tokenizer: (text) => inlineMathAt(text),
}

const noteReference: TokenizerExtension = {
  name: 'noteReference',
  level: 'inline',
  start: (text) => text.search(/\[\^/),
  tokenizer(text) {
    const [raw, label] = NOTE_REFERENCE.exec(text) ?? []
    return raw && label ? ({ type: 'noteReference', raw, label } satisfies NoteReference) : undefined
  },
}

const note: TokenizerExtension = {
  name: 'note',
  level: 'block',
  start: (text) => NOTE_START.exec(text)?.index,
  tokenizer(text) {
    const [raw, label, body = ''] = NOTE.exec(text) ?? []
    if (!raw || !label) return
    const tokens = this.lexer.blockTokens(body.replace(/\n(?: {2,4}|\t)/g, '\n'), [])
    return { type: 'note', raw, label, tokens } satisfies NoteDefinition
  },
}

/** The formula at the very start of a text within a paragraph. */
export function inlineMathAt(text: string): MathToken | undefined {
  for (const [pattern, display] of MATH_INLINE) {
    const [raw, tex = ''] = pattern.exec(text) ?? []
    if (raw) return mathToken(raw, tex, display)
  }
  return undefined
}

const mathToken = (raw: string, tex: string, display: boolean): MathToken => ({
  type: 'math',
  raw,
  text: tex.trim(),
  display,
})

/** What emphasis must not see: `_` and `*` in formulas. */
function maskMath(text: string): string {
  return text.replace(/\$[^$\n]+\$|\\\([^\n]+?\\\)/g, (found) =>
    inlineMathAt(found)?.raw === found ? 'a'.repeat(found.length) : found,
  )
}

const grammar = new Marked({
  extensions: [blockMath, note, inlineMath, noteReference],
  hooks: { emStrongMask: maskMath },
  tokenizer: {
    // A heading underlined by dashes does not begin before a formula or a footnote. False: as usual.
    lheading(text) {
      const [, heading = ''] = this.rules.block.lheading.exec(text) ?? []
      return MATH_BLOCK_START.test(heading) || NOTE_START.test(heading) ? undefined : false
    },
  },
})

/** The blocks of a text, given the reference links defined before it. */
export function parseMarkdown(text: string, links: Links = {}): Token[] {
  try {
    const lexer = new Lexer(grammar.defaults)
    Object.assign(lexer.tokens.links, links)
    return [...lexer.lex(text)]
  } catch {
    // Extremely deep nesting overflows the parser's stack: show the text as it is.
    return [{ type: 'text', raw: text, text }]
  }
}
