// Facts about the tiktoken.model of Moonlight and Kimi that the file does not hold: the split pattern, and
// the names of the special tokens, whose ids follow the last rank. Their folders have them as Python code,
// which Hadal does not run.

import type { SplitStep } from './split.ts'

/** Ids after the last rank that are special tokens even if tokenizer_config.json does not name them. */
export const RESERVED_TOKENS = 256

/** The text of a special token that tokenizer_config.json does not name. */
export const reservedToken = (id: number): string => `<|reserved_token_${id}|>`

// White space is Unicode's, as in Python and Rust: JavaScript's own \s would add U+FEFF and lack U+0085. Han
// is an alternative of its own, so the two kinds of words exclude it: one ends in lower case, one begins in
// upper case.
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

/** The pre-tokenizer: pieces of text that are merged separately. */
export const MOONSHOT_SPLITS: readonly SplitStep[] = [
  { pattern: new RegExp(ALTERNATIVES.join('|'), 'gv'), behavior: 'isolated', invert: false },
]
