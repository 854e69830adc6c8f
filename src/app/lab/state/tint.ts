// Answers: of which kinds are the words of a WGSL text? Line by line, for colours only. It must not know what any word means.

export type Kind = 'comment' | 'keyword' | 'type' | 'number' | 'attribute' | 'plain'

export interface Piece {
  readonly kind: Kind
  readonly text: string
}

const WORDS =
  /(?<comment>\/\/.*)|(?<attribute>@\w+)|(?<number>\b(?:0x[\da-f]+|\d[\d.]*(?:e[+-]?\d+)?)[fhiu]?\b)|(?<keyword>\b(?:alias|break|case|const|const_assert|continue|default|diagnostic|discard|else|enable|false|fn|for|if|let|loop|override|private|requires|return|storage|struct|switch|true|uniform|var|while|workgroup)\b)|(?<type>\b(?:array|atomic|bool|f16|f32|i32|u32|mat[234]x[234]\w?|vec[234]\w?)\b)/gi

/** The pieces of each line, in order; together they are the line. Block comments are left plain: the shaders have none. */
export function tint(source: string): readonly (readonly Piece[])[] {
  return source.split('\n').map(tintLine)
}

function tintLine(line: string): Piece[] {
  const pieces: Piece[] = []
  let at = 0
  for (const { index, 0: text, groups = {} } of line.matchAll(WORDS)) {
    if (index > at) pieces.push({ kind: 'plain', text: line.slice(at, index) })
    const kind = KINDS.find((each) => groups[each] !== undefined) ?? 'plain'
    pieces.push({ kind, text })
    at = index + text.length
  }
  if (at < line.length) pieces.push({ kind: 'plain', text: line.slice(at) })
  return pieces
}

const KINDS = ['comment', 'attribute', 'number', 'keyword', 'type'] as const
