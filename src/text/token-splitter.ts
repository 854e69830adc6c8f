// Finds added tokens in a text, as Hugging Face's tokenizers do (find_matches of added_vocabulary.rs).

import type { AddedToken } from './added-tokens.ts'

/** A piece of a text: the id of an added token, or the plain text in between. */
export type TextPiece = number | string

export type Normalize = (text: string) => string

// Rust's \w and \s; those of JavaScript know only ASCII words, and add U+FEFF to the spaces and lack U+0085.
const WORD = '[\\p{Alphabetic}\\p{M}\\p{Nd}\\p{Pc}\\p{Join_Control}]'
const STARTS_WITH_WORD = new RegExp(`^${WORD}`, 'u')
const ENDS_WITH_WORD = new RegExp(`${WORD}$`, 'u')
const SPACE = /\p{White_Space}/u

/**
 * Makes a function that splits texts at these tokens: first at those to be found in the text as it is, then,
 * in the normalised pieces between, at the others. Its plain pieces are normalised.
 */
export function openTokenSplitter(
  tokens: readonly AddedToken[],
  normalize: Normalize | undefined,
): (text: string) => readonly TextPiece[] {
  const splitRaw = openFinder(tokens.filter(({ raw }) => raw))
  const normal = normalize ?? ((text: string) => text)
  const splitNormal = openFinder(
    tokens
      .filter(({ normalized }) => normalized)
      .map((token) => ({ ...token, content: normal(token.content) })),
  )
  return (text) =>
    splitRaw(text).flatMap((piece) => (typeof piece === 'number' ? piece : splitNormal(normal(piece))))
}

/** Makes a function that splits at these tokens; of tokens that start together, at the longest. */
function openFinder(tokens: readonly AddedToken[]): (text: string) => readonly TextPiece[] {
  const byText = new Map<string, AddedToken>()
  // Two texts can become equal when normalised: then the first special token counts, else the first.
  for (const token of [...tokens.filter(({ special }) => special), ...tokens])
    if (token.content !== '' && !byText.has(token.content)) byText.set(token.content, token)
  if (byText.size === 0) return (text) => (text === '' ? [] : [text])
  const texts = [...byText.keys()].sort((a, b) => b.length - a.length)
  const pattern = new RegExp(
    texts.map((text) => text.replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&')).join('|'),
    'gu',
  )
  pattern.test('') // compiles the pattern now, so that an impossible one fails while the file is being opened
  return (text) => {
    const pieces: TextPiece[] = []
    const skipSpaces = openSpaceSkipper(text)
    let start = 0
    for (const match of text.matchAll(pattern)) {
      const token = byText.get(match[0])
      let from = match.index
      let to = from + match[0].length
      if (token === undefined || (token.singleWord && !standsAlone(text, from, to))) continue
      if (token.lstrip) {
        while (from > start && SPACE.test(text.charAt(from - 1))) from--
        from = Math.max(from, start)
      }
      if (token.rstrip) to = skipSpaces(to)
      if (start < from) pieces.push(text.slice(start, from))
      // White space that an earlier token has removed can still be one, unless that removes it as well.
      if (from < to) pieces.push(token.id)
      start = to
    }
    if (start < text.length) pieces.push(text.slice(start))
    return pieces
  }
}

function standsAlone(text: string, from: number, to: number): boolean {
  return (
    !ENDS_WITH_WORD.test(text.slice(Math.max(0, from - 2), from)) &&
    !STARTS_WITH_WORD.test(text.slice(to, to + 2))
  )
}

/**
 * Makes a function that skips white space, for rising positions. Each run of white space is read only once,
 * or a text of spaces and a token of one space would take quadratic time.
 */
function openSpaceSkipper(text: string): (from: number) => number {
  let end = 0 // of the run that was read last
  return (from) => {
    if (from >= end) for (end = from; SPACE.test(text.charAt(end)); ) end++
    return end
  }
}
