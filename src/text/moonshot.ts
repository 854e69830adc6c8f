// Answers: what do Moonlight and Kimi know of their tiktoken.model that the file does not say? Their folders hold it as Python code,
// which is not run here: the pattern of the cuts, and the names of the ids behind the ranks. It must not know how the file is read.

import type { CutStep } from './cut.ts'

/** How many ids after the ranks have a name whether the folder tells one or not. */
export const RESERVED_TOKENS = 256

/** The name of such an id. */
export const reservedToken = (id: number): string => `<|reserved_token_${id}|>`

// As in Python and Rust, white space is Unicode's: JavaScript's own \s would add U+FEFF and lack U+0085. Han is its own alternative,
// so that the two kinds of words must not contain it: one ends in lower case, one begins in upper case.
const OPENING = '[^\\r\\n\\p{L}\\p{N}]?'
const UPPER = '[[\\p{Lu}\\p{Lt}\\p{Lm}\\p{Lo}\\p{M}]--\\p{Script=Han}]'
const LOWER = '[[\\p{Ll}\\p{Lm}\\p{Lo}\\p{M}]--\\p{Script=Han}]'
const CONTRACTION = "(?:'(?:[sS\\u017F]|[tT]|[rR][eE]|[vV][eE]|[mM]|[lL][lL]|[dD]))?"
const ALTERNATIVES = [
  '\\p{Script=Han}+',
  `${OPENING}${UPPER}*${LOWER}+${CONTRACTION}`,
  `${OPENING}${UPPER}+${LOWER}*${CONTRACTION}`,
  '\\p{N}{1,3}',
  ' ?[^\\p{White_Space}\\p{L}\\p{N}]+[\\r\\n]*',
  '\\p{White_Space}*[\\r\\n]+',
  '\\p{White_Space}+(?!\\P{White_Space})',
  '\\p{White_Space}+',
]

/** The cuts before the merges. */
export const MOONSHOT_CUTS: readonly CutStep[] = [
  { pattern: new RegExp(ALTERNATIVES.join('|'), 'gv'), behavior: 'isolated', invert: false },
]
