// Splits WGSL source into tokens for syntax highlighting.

export type TokenKind = 'comment' | 'keyword' | 'type' | 'number' | 'attribute' | 'plain'

export interface HighlightToken {
  readonly kind: TokenKind
  readonly text: string
}

const KEYWORDS =
  'alias break case const const_assert continue default diagnostic discard else enable false fn for if let ' +
  'loop override private requires return storage struct switch true uniform var while workgroup'

const TOKENS = new RegExp(
  [
    /(?<comment>\/\/.*)/.source,
    /(?<attribute>@\w+)/.source,
    /(?<number>\b(?:0x[\da-f]+|\d[\d.]*(?:e[+-]?\d+)?)[fhiu]?\b)/.source,
    `(?<keyword>\\b(?:${KEYWORDS.replaceAll(' ', '|')})\\b)`,
    /(?<type>\b(?:array|atomic|bool|f16|f32|i32|u32|mat[234]x[234]\w?|vec[234]\w?)\b)/.source,
  ].join('|'),
  'gi',
)

/**
 * The tokens of each line in order; joined they give the line. Block comments stay plain: shaders have none.
 */
export function highlight(source: string): readonly (readonly HighlightToken[])[] {
  return source.split('\n').map(highlightLine)
}

function highlightLine(line: string): HighlightToken[] {
  const tokens: HighlightToken[] = []
  let at = 0
  for (const { index, 0: text, groups = {} } of line.matchAll(TOKENS)) {
    if (index > at) tokens.push({ kind: 'plain', text: line.slice(at, index) })
    const kind = TOKEN_KINDS.find((name) => groups[name] !== undefined) ?? 'plain'
    tokens.push({ kind, text })
    at = index + text.length
  }
  if (at < line.length) tokens.push({ kind: 'plain', text: line.slice(at) })
  return tokens
}

const TOKEN_KINDS = ['comment', 'attribute', 'number', 'keyword', 'type'] as const
