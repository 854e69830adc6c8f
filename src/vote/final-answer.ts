// Finds the final answer in the text of a model: what several answers are compared by.

/** Kinds of final answers. `text` is the whole text. */
export type FinalAnswerKind = 'boxed' | 'json' | 'letter' | 'number' | 'text'

/** In the order in which an unknown kind is looked for: the most explicit first. */
export const FINAL_ANSWER_KINDS: readonly FinalAnswerKind[] = ['boxed', 'json', 'letter', 'number', 'text']

/**
 * The final answer of a text in a form in which equal answers are equal strings; undefined if there is none
 * of this kind. Throws nothing, whatever the text.
 */
export function finalAnswer(text: string, kind: FinalAnswerKind): string | undefined {
  const found = FIND[kind](text.trim())
  return found === '' ? undefined : found
}

const FIND: Readonly<Record<FinalAnswerKind, (text: string) => string | undefined>> = {
  boxed,
  json: (text) => canonicalJson(withoutFence(text)),
  letter: (text) => letter(text),
  number: (text) => asNumber(lastOf(text, NUMBER)?.[0]),
  text: (text) => words(text),
}

/** Digits in groups of three, or as they are; a point and decimals; an exponent. */
const NUMBER = /(?<![\w.])[-−+]?(?:\d{1,3}(?:[,\u00a0\u202f]\d{3})+|\d+)(?:\.\d+)?(?:[eE][-+]?\d+)?/g

/** Exactly: `007`, `7.0` and `+7` are 7; digits beyond those of a double are kept. */
function asNumber(written: string | undefined): string | undefined {
  if (written === undefined) return undefined
  const plain = written.replace(/[,\u00a0\u202f]/g, '').replace('−', '-')
  const [, sign = '', whole = '', decimals = '', exponent] =
    /^([-+]?)0*(\d+)(?:\.(\d*?)0*)?(?:[eE](.+))?$/.exec(plain) ?? []
  if (exponent !== undefined) return String(Number(plain))
  const size = decimals === '' ? whole : `${whole}.${decimals}`
  return sign === '-' && size !== '0' ? `-${size}` : size
}

const BOXED = /\\(?:boxed|fbox)\s*\{/g

/** The content of the last `\boxed{…}`, with numbers as numbers. */
function boxed(text: string): string | undefined {
  const opening = lastOf(text, BOXED)
  if (!opening) return undefined
  const from = opening.index + opening[0].length
  let depth = 1
  for (let at = from; at < text.length; at++) {
    if (text[at] === '\\') at++
    else if (text[at] === '{') depth++
    else if (text[at] === '}' && --depth === 0) return plainMath(text.slice(from, at))
  }
  return undefined // cut off
}

/** Math without what changes its looks only. */
function plainMath(math: string): string {
  const unwrapped = math
    .replace(/\\(?:text|mathrm|mathbf|textbf)\s*\{([^{}]*)\}/g, '$1')
    .replace(/\\[dt]frac/g, '\\frac')
    .replace(/\\left|\\right|\\[,;:!]|\\ |\$/g, '')
    .replace(/\s+/g, '')
  const whole = new RegExp(`^${NUMBER.source}$`).exec(unwrapped)
  return whole ? (asNumber(whole[0]) ?? unwrapped) : unwrapped
}

const NAMED_LETTER = /(?:answer|option|choice)\s*(?:is|:)?\s*[*_]*\(?([A-J])\)?[*_]*(?![\w'’])/gi
const FIRST_LETTER = /^[*_]*\(?([A-J])\)?[*_.:)]*(?:\s|$)/gm

/** The letter of a choice: the last that is named as the answer, or else that begins a line. */
const letter = (text: string): string | undefined =>
  (lastOf(text, NAMED_LETTER) ?? lastOf(text, FIRST_LETTER))?.[1]?.toUpperCase()

const withoutFence = (text: string): string => /^```\w*\n([\s\S]*)\n```$/.exec(text)?.[1] ?? text

/** Objects and arrays with their keys in order; plain values are numbers or texts. */
function canonicalJson(text: string): string | undefined {
  if (!/^[[{]/.test(text)) return undefined
  try {
    return JSON.stringify(JSON.parse(text), (_, value: unknown) =>
      value !== null && typeof value === 'object' && !Array.isArray(value)
        ? Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)))
        : value,
    )
  } catch {
    return undefined
  }
}

/** Without differences in case, white space and the punctuation at the end. */
const words = (text: string): string =>
  text
    .normalize('NFKC')
    .toLowerCase()
    .replace(/\s+/g, ' ')
    .replace(/[\s.!。！]+$/, '')

const lastOf = (text: string, pattern: RegExp): RegExpExecArray | undefined =>
  [...text.matchAll(pattern)].at(-1)
