// Cuts a template into tokens as Jinja's own lexer does, with the settings of chat templates: trim_blocks and
// lstrip_blocks. It takes the place of the lexer of @huggingface/jinja, whose tokens differ for raw blocks,
// "+%}", numbers, escapes, signs, and lines that begin with a block; that library is "not 100% feature
// compatible" by choice (https://github.com/huggingface/huggingface.js/issues/1087).

/** A token of @huggingface/jinja's parser. */
export interface Token {
  value: string
  type: string
  /** The brackets it stands in; brackets themselves stand where their expression does. */
  readonly group: number
}

/** A text between tags, or the tokens of a tag with its first and last. */
export type Part = { readonly text: string } | { readonly block: boolean; readonly tokens: Token[] }

const SPACE = '[\\t-\\r\\x1c-\\x20\\x85\\xa0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000]'
const OPEN = new RegExp(`\\{%([-+]?)${SPACE}*raw${SPACE}*(?:-%\\}${SPACE}*|%\\})|\\{([%{#])([-+]?)`, 'g')
const END_RAW = new RegExp(`\\{%([-+]?)${SPACE}*endraw${SPACE}*(?:\\+%\\}|-%\\}${SPACE}*|%\\}\\n?)`, 'g')
const END_COMMENT = new RegExp(`\\+#\\}|-#\\}${SPACE}*|#\\}\\n?`, 'g')
const END_BLOCK = new RegExp(`\\+%\\}|-%\\}${SPACE}*|%\\}\\n?`, 'y')
const END_EXPRESSION = new RegExp(`-\\}\\}${SPACE}*|\\}\\}`, 'y')
const TOKEN = new RegExp(
  [
    `(?<space>${SPACE}+)`,
    '(?<float>(?<!\\.)(?:\\d+_)*\\d+(?:(?:\\.(?:\\d+_)*\\d+)?e[+-]?(?:\\d+_)*\\d+|\\.(?:\\d+_)*\\d+))',
    '(?<int>0b(?:_?[01])+|0o(?:_?[0-7])+|0x(?:_?[\\da-f])+|[1-9](?:_?\\d)*|0(?:_?0)*)',
    '(?<name>[\\p{L}\\p{Nl}_][\\p{L}\\p{Nl}\\p{Mn}\\p{Mc}\\p{Nd}\\p{Pc}_]*)',
    `(?<string>'[^'\\\\]*(?:\\\\.[^'\\\\]*)*'|"[^"\\\\]*(?:\\\\.[^"\\\\]*)*")`,
    '(?<operator>//|\\*\\*|[=!<>]=|[-+*/%~<>=.:|,;()[\\]{}])',
  ].join('|'),
  'suiy',
)
const MAX_BRACKETS = 100

const TYPES = new Map(
  Object.entries({
    '(': 'OpenParen',
    ')': 'CloseParen',
    '[': 'OpenSquareBracket',
    ']': 'CloseSquareBracket',
    '{': 'OpenCurlyBracket',
    '}': 'CloseCurlyBracket',
    ',': 'Comma',
    '.': 'Dot',
    ':': 'Colon',
    '|': 'Pipe',
    '=': 'Equals',
    '**': 'ExponentiationBinaryOperator',
    '+': 'AdditiveBinaryOperator',
    '-': 'AdditiveBinaryOperator',
    '~': 'AdditiveBinaryOperator',
    '*': 'MultiplicativeBinaryOperator',
    '/': 'MultiplicativeBinaryOperator',
    '//': 'MultiplicativeBinaryOperator',
    '%': 'MultiplicativeBinaryOperator',
  }),
)
const CLOSING = new Map(Object.entries({ '(': ')', '[': ']', '{': '}' }))

/** Removes white space as Python knows it. */
export const LEADING_SPACE = new RegExp(`^${SPACE}+`)
export const TRAILING_SPACE = new RegExp(`${SPACE}+$`)
export const SPACES = new RegExp(`${SPACE}+`, 'g')
export const ONLY_SPACE = new RegExp(`^${SPACE}+$`)

/** Where a run of white space that ends a text begins. A regular expression would take quadratic time. */
export function trimEnd(text: string): string {
  let end = text.length
  while (end > 0 && ONLY_SPACE.test(text.charAt(end - 1))) end--
  return text.slice(0, end)
}

/** Cuts a template into texts and tags. @throws Error where Jinja finds no token */
export function tokenize(template: string): Part[] {
  const source = template.replace(/\r\n?/g, '\n').replace(/\n$/, '')
  const parts: Part[] = []
  const tag = new TagLexer(source)
  let at = 0
  let lineStart = true // whether the last tag ended with its line
  while (at < source.length) {
    OPEN.lastIndex = at
    const open = OPEN.exec(source)
    const text = source.slice(at, open?.index)
    if (!open) {
      if (text !== '') parts.push({ text })
      break
    }
    const [whole, rawSign, kind, sign = rawSign] = open
    const stripped = stripBefore(text, sign ?? '', kind !== '{', lineStart)
    if (stripped !== '') parts.push({ text: stripped })
    at = open.index + whole.length
    if (kind === undefined) at = readRaw(source, at, parts)
    else if (kind === '#') at = after(END_COMMENT, source, at, 'comment').end
    else {
      const { tokens, end } = tag.read(at, kind === '%')
      parts.push({ block: kind === '%', tokens })
      at = end
    }
    lineStart = source.charAt(at - 1) === '\n'
  }
  return parts
}

/** The text before a tag: "-" removes white space, lstrip_blocks that since the start of the line. */
function stripBefore(text: string, sign: string, isBlock: boolean, lineStart: boolean): string {
  if (sign === '-') return trimEnd(text)
  const line = text.lastIndexOf('\n') + 1
  const keeps = sign === '+' || !isBlock || !(line > 0 || lineStart)
  return !keeps && ONLY_SPACE.test(text.slice(line)) ? text.slice(0, line) : text
}

function readRaw(source: string, start: number, parts: Part[]): number {
  const { match, end } = after(END_RAW, source, start, 'raw')
  const text = stripBefore(source.slice(start, match.index), match[1] ?? '', true, source[start - 1] === '\n')
  if (text !== '') parts.push({ text })
  return end
}

function after(pattern: RegExp, source: string, start: number, what: string) {
  pattern.lastIndex = start
  const match = pattern.exec(source)
  if (!match) throw new Error(`a ${what} block is never closed`)
  return { match, end: match.index + match[0].length }
}

/** Reads the tokens of tags. */
class TagLexer {
  readonly #source: string
  #groups = 0

  constructor(source: string) {
    this.#source = source
  }

  /** Reads from behind the opening sign to behind the closing one. */
  read(start: number, block: boolean): { tokens: Token[]; end: number } {
    const tokens: Token[] = []
    const brackets: { readonly closing: string; readonly group: number }[] = []
    let group = ++this.#groups
    for (let at = start; ; ) {
      const close = block ? END_BLOCK : END_EXPRESSION
      close.lastIndex = at
      if (brackets.length === 0 && close.test(this.#source)) return { tokens, end: close.lastIndex }
      TOKEN.lastIndex = at
      const match = TOKEN.exec(this.#source)
      if (!match?.groups) throw this.#unexpected(at)
      at = TOKEN.lastIndex
      if (/^[)\]}]$/.test(match[0])) {
        const bracket = brackets.pop()
        if (bracket?.closing !== match[0]) throw this.#unexpected(at - 1)
        group = bracket.group
      }
      const token = readToken(match[0], match.groups, group)
      if (token) tokens.push(token)
      const closing = CLOSING.get(match[0])
      if (closing !== undefined) {
        if (brackets.length >= MAX_BRACKETS) throw new Error(`it nests more than ${MAX_BRACKETS} brackets`)
        brackets.push({ closing, group })
        group = ++this.#groups
      }
    }
  }

  #unexpected(at: number): Error {
    const line = this.#source.slice(0, at).split('\n').length
    const found = JSON.stringify(this.#source.slice(at, at + 1))
    return new Error(
      at >= this.#source.length ? 'it ends inside a tag' : `unexpected ${found} in line ${line}`,
    )
  }
}

type Groups = Readonly<Record<string, string | undefined>>

function readToken(text: string, { space, float, int, name, string }: Groups, group: number) {
  if (space !== undefined) return undefined
  if (float !== undefined) return { type: 'NumericLiteral', value: floatText(float), group }
  if (int !== undefined) return { type: 'NumericLiteral', value: intText(int), group }
  if (name !== undefined) return { type: 'Identifier', value: name, group }
  if (string !== undefined)
    return { type: 'StringLiteral', value: unescapeString(string.slice(1, -1)), group }
  return { type: TYPES.get(text) ?? 'ComparisonBinaryOperator', value: text, group }
}

/** The parser takes a literal with a point for a float. */
const floatText = (text: string): string => {
  const plain = text.replaceAll('_', '')
  return plain.includes('.') ? plain : plain.replace(/e/i, '.0e')
}

function intText(text: string): string {
  const value = Number(text.replaceAll('_', ''))
  if (!Number.isSafeInteger(value)) throw new Error(`the number ${text.slice(0, 40)} is too large`)
  return String(value)
}

const ESCAPES = new Map(Object.entries({ n: '\n', t: '\t', r: '\r', b: '\b', f: '\f', v: '\v', a: '\x07' }))

/** Python's escapes; an unknown one stays as it is. */
function unescapeString(text: string): string {
  const pattern = /\\(?:x([\s\S]{0,2})|u([\s\S]{0,4})|U([\s\S]{0,8})|([0-7]{1,3})|(N)|([\s\S]))/g
  return text.replace(pattern, (whole, x, u, U, octal, named, char) => {
    if (octal !== undefined) return String.fromCharCode(Number.parseInt(octal, 8))
    if (char !== undefined) return char === '\n' ? '' : (ESCAPES.get(char) ?? escapeOf(char, whole))
    const [digits, length] = x === undefined ? (u === undefined ? [U, 8] : [u, 4]) : [x, 2]
    const code = Number.parseInt(digits, 16)
    if (named !== undefined || !new RegExp(`^[\\da-f]{${length}}$`, 'i').test(digits) || code > 0x10ffff)
      throw new Error(`the escape ${whole} cannot be read`)
    return String.fromCodePoint(code)
  })
}

const escapeOf = (char: string, whole: string): string => (/['"\\]/.test(char) ? char : whole)
