// Markdown as plain text: for an editor without formatting, or to be spoken.
import type { Token, Tokens } from 'marked'
import { parseMarkdown } from './grammar.ts'

/** How the parts are written that a voice reads otherwise than an editor shows them. */
interface TextStyle {
  readonly code: (text: string) => string
  readonly math: (tex: string) => string
  readonly link: (text: string, href: string) => string
  readonly row: (cells: readonly string[]) => string
  readonly bullet: string
}

const WRITTEN: TextStyle = {
  code: (text) => text,
  math: (tex) => tex,
  link: (text, href) => (text === href || `mailto:${text}` === href ? text : `${text} (${href})`),
  row: (cells) => cells.join('\t'),
  bullet: '- ',
}

/** What reads well in a plain editor: no marks of emphasis, cells between tabs, addresses in brackets. */
export const plainText = (markdown: string): string => blocksToText(parseMarkdown(markdown), WRITTEN)

/** What a voice can read. `words` stand for code and formulas. */
export function spokenText(markdown: string, words: { code: string; formula: string }): string {
  return blocksToText(parseMarkdown(markdown), {
    code: () => words.code,
    // A short formula such as "x" reads well; a long one does not.
    math: (tex) => (/^[\w\s+=.,-]{1,20}$/.test(tex) ? tex : words.formula),
    link: (text) => text,
    row: (cells) => `${cells.join(', ')}.`,
    bullet: '',
  })
}

const MAX_DEPTH = 24

function blocksToText(tokens: readonly Token[], style: TextStyle, depth = 0): string {
  return tokens
    .map((token) => blockToText(token as Tokens.Generic, style, depth))
    .filter((text) => text !== '')
    .join('\n\n')
}

function blockToText(block: Tokens.Generic, style: TextStyle, depth: number): string {
  if (depth > MAX_DEPTH) return block.raw
  const inner = () => blocksToText(block.tokens ?? [], style, depth + 1)
  switch (block.type) {
    case 'space':
    case 'def':
      return ''
    case 'code':
      return style.code(block.text)
    case 'blockquote':
      return style.bullet ? inner().replace(/^/gm, '> ') : inner()
    case 'list':
      return listToText(block as Tokens.List, style, depth)
    case 'table':
      return tableToText(block as Tokens.Table, style, depth)
    case 'hr':
      return style.bullet ? '---' : ''
    case 'note':
      return style.bullet ? `[${block.label}] ${inner()}` : inner()
    case 'html':
      return block.raw.trim()
    default:
      return inlineToText(block, style, depth)
  }
}

function inlineToText(part: Tokens.Generic, style: TextStyle, depth: number): string {
  if (depth > MAX_DEPTH) return part.raw
  const inner = () => textOf(part.tokens, style, depth)
  switch (part.type) {
    case 'math':
      return style.math(part.text)
    case 'noteReference':
      return style.bullet ? `[${part.label}]` : ''
    case 'br':
      return '\n'
    case 'checkbox':
      return ''
    case 'link':
      return style.link(inner(), part.href)
    case 'image':
      return style.link(part.text, part.href)
    default:
      return part.tokens ? inner() : (part.text ?? part.raw)
  }
}

const textOf = (tokens: readonly Token[] = [], style: TextStyle, depth: number): string =>
  tokens.map((token) => inlineToText(token, style, depth + 1)).join('')

function listToText({ ordered, start, items, loose }: Tokens.List, style: TextStyle, depth: number): string {
  const lines = items.map((item, index) => {
    const mark = ordered ? `${Number(start) + index}. ` : style.bullet
    const task = item.task && style.bullet ? (item.checked ? '[x] ' : '[ ] ') : ''
    const blocks = item.tokens.map((token) => blockToText(token, style, depth + 1))
    const text = blocks.filter((block) => block !== '').join(loose ? '\n\n' : '\n')
    return mark + task + text.replace(/\n(?=.)/g, `\n${' '.repeat(mark.length)}`)
  })
  return lines.join(loose ? '\n\n' : '\n')
}

function tableToText({ header, rows }: Tokens.Table, style: TextStyle, depth: number): string {
  return [header, ...rows]
    .map((cells) => style.row(cells.map(({ tokens }) => textOf(tokens, style, depth).trim())))
    .join('\n')
}
