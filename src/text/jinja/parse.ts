// Parses a template with the parser of @huggingface/jinja. What that parser does not know (`with`,
// `generation`, tests with arguments, `recursive`, tuples of none and one) is spelled in what it knows.
// What it mistakes is told apart (the condition of a loop from a conditional expression). The library is
// incomplete by choice: https://github.com/huggingface/huggingface.js/issues/1087.
import { parse } from '@huggingface/jinja'
import { type Part, type Token, tokenize } from './lexer.ts'
import type { Node } from './nodes.ts'

/** Names that no template can write, of the nodes that stand for what the parser does not know. */
export const SPELLED = {
  loop: 'for',
  recursiveLoop: 'for recursive',
  with: 'with block',
  generation: 'generation block',
  emptyTuple: '()',
  tupleEnd: '(,)',
  test: 'is ',
} as const

const MAX_BRANCHES = 1000 // `elif` nests in the parser
const OPERATORS = new Set(['and', 'or', 'not', 'if', 'else', 'in', 'is'])
const VALUE_ENDS = new Set([
  'NumericLiteral',
  'StringLiteral',
  'CloseParen',
  'CloseSquareBracket',
  'CloseCurlyBracket',
])
const VALUE_STARTS = new Set(['NumericLiteral', 'StringLiteral', 'OpenCurlyBracket', 'Identifier'])
/** Blocks that the parser sees as another one, by the word that begins them. */
const RENAMED = new Map(Object.entries({ call: 'endcall', with: 'endwith', generation: 'endgeneration' }))
const RENAMED_ENDS = new Set(RENAMED.values())

/** Parses a template into the statements of its body. @throws Error if Jinja does not accept it */
export function parseTemplate(template: string): readonly Node[] {
  const tokens = new Rewriter().rewrite(tokenize(template))
  try {
    // The library declares its nodes by their common base only.
    return (parse(tokens as Parameters<typeof parse>[0]) as unknown as { body: readonly Node[] }).body
  } catch (cause) {
    if (cause instanceof TypeError) throw new Error('a block or an expression is not complete', { cause })
    throw cause
  }
}

const word = (value: string, { group }: Token): Token => ({ type: 'Identifier', value, group })
const mark = (type: string, value = ''): Token => ({ type, value, group: 0 })
const OPEN = mark('OpenParen', '(')
const CLOSE = mark('CloseParen', ')')
const isWord = (token: Token | undefined, value: string): boolean =>
  token?.type === 'Identifier' && token.value === value

class Rewriter {
  readonly #ends: string[] = [] // of renamed blocks that are open
  #branches = 0

  rewrite(parts: readonly Part[]): Token[] {
    return parts.flatMap((part) => {
      if ('text' in part) return mark('Text', part.text)
      return part.block ? this.#block(part.tokens) : this.#printed(part.tokens)
    })
  }

  #printed(tokens: readonly Token[]): Token[] {
    return [mark('OpenExpression'), OPEN, ...expression(tokens), CLOSE, mark('CloseExpression')]
  }

  #block([name, ...rest]: readonly Token[]): Token[] {
    if (name?.type !== 'Identifier') throw new Error('a block has no name')
    if (name.value === 'print') return this.#printed(rest)
    return [mark('OpenStatement'), ...this.#statement(name, rest), mark('CloseStatement')]
  }

  #statement(name: Token, rest: readonly Token[]): Token[] {
    const end = RENAMED.get(name.value)
    if (end !== undefined) this.#ends.push(end)
    switch (name.value) {
      case 'for':
        return [name, ...loop(name, rest)]
      case 'set': {
        const equals = rest.findIndex(({ type, group }) => type === 'Equals' && group === name.group)
        if (equals < 0) return [name, ...expression(rest)]
        return [name, ...rest.slice(0, equals + 1), OPEN, ...expression(rest.slice(equals + 1)), CLOSE]
      }
      case 'call': {
        const parameters = rest[0]?.type === 'OpenParen' ? closing(rest, 0) + 1 : 0
        return [name, ...expression(rest.slice(0, parameters)), ...expression(rest.slice(parameters))]
      }
      case 'with':
        return [word('call', name), OPEN, ...expression(rest), CLOSE, word(SPELLED.with, name), OPEN, CLOSE]
      case 'generation':
        return [word('call', name), word(SPELLED.generation, name), OPEN, CLOSE, ...rest]
      case 'elif':
        if (++this.#branches > MAX_BRANCHES) throw new Error(`it has more than ${MAX_BRANCHES} "elif"`)
        return [name, ...expression(rest)]
      default:
        if (!RENAMED_ENDS.has(name.value)) return [name, ...expression(rest)]
        if (this.#ends.pop() !== name.value) throw new Error(`unexpected "${name.value}"`)
        return [word('endcall', name), ...rest]
    }
  }
}

/** `for target in (items) | for(condition)`: the parser takes a condition for a conditional expression. */
function loop(name: Token, rest: readonly Token[]): Token[] {
  const find = (value: string, start: number) =>
    rest.findIndex((token, index) => index >= start && isWord(token, value) && token.group === name.group)
  const start = find('in', 1) + 1
  if (start === 0) throw new Error('a loop has no "in"')
  const recursive = isWord(rest.at(-1), 'recursive') && rest.length > start + 1
  const end = recursive ? rest.length - 1 : rest.length
  const found = find('if', start + 1)
  const condition = found < 0 ? end : found
  const items = [OPEN, ...expression(rest.slice(start, condition)), CLOSE]
  const spelled = [mark('Pipe', '|'), word(recursive ? SPELLED.recursiveLoop : SPELLED.loop, name)]
  if (condition < end) spelled.push(OPEN, ...expression(rest.slice(condition + 1, end)), CLOSE)
  return [...rest.slice(0, start), ...items, ...spelled]
}

/** Whether a token can end a value, so that an operator may follow. */
function endsValue(tokens: readonly Token[], index: number): boolean {
  const token = tokens[index]
  if (token?.type !== 'Identifier') return VALUE_ENDS.has(token?.type ?? '')
  const before = tokens[index - 1]?.type
  return !OPERATORS.has(token.value) || before === 'Dot' || before === 'Pipe'
}

/** The index of the bracket that closes the one at an index. */
function closing(tokens: readonly Token[], open: number): number {
  const group = tokens[open]?.group
  const found = tokens.findIndex((token, index) => index > open && token.group === group)
  return found < 0 ? tokens.length - 1 : found
}

function expression(tokens: readonly Token[]): Token[] {
  const result: Token[] = []
  for (let index = 0; index < tokens.length; index++) {
    const token = tokens[index]
    if (!token) break
    const before = tokens[index - 1]
    const next = tokens[index + 1]
    const afterValue = endsValue(tokens, index - 1)
    if (afterValue && isWord(token, 'is')) {
      const test = testOf(tokens, index)
      result.push(...test.tokens)
      index = test.end - 1
    } else if (afterValue && isWord(token, 'not') && isWord(next, 'in')) {
      result.push({ ...token, type: 'ComparisonBinaryOperator', value: 'not in' })
      index++
    } else if (afterValue && isWord(token, 'in')) {
      result.push({ ...token, type: 'ComparisonBinaryOperator' })
    } else if (!afterValue && token.type === 'OpenParen' && next?.type === 'CloseParen') {
      result.push(word(SPELLED.emptyTuple, token))
      index++
    } else {
      if (afterValue && startsValue(token) && !(isText(token) && before && isText(before)))
        throw new Error(`unexpected ${JSON.stringify(token.value)}`)
      result.push(token)
      if (token.type === 'Comma' && endsTuple(tokens, index)) result.push(word(SPELLED.tupleEnd, token))
    }
  }
  return result
}

const isText = ({ type }: Token): boolean => type === 'StringLiteral'
const startsValue = ({ type, value }: Token): boolean =>
  VALUE_STARTS.has(type) && !(type === 'Identifier' && OPERATORS.has(value))

/** Whether a comma is the last of a tuple; brackets of a call may end with one too. */
function endsTuple(tokens: readonly Token[], comma: number): boolean {
  const next = tokens[comma + 1]
  if (!next) return tokens[0]?.group === tokens[comma]?.group
  if (next.type !== 'CloseParen') return false
  const open = tokens.findLastIndex((token, index) => index < comma && token.group === next.group)
  return tokens[open]?.type === 'OpenParen' && !endsValue(tokens, open - 1)
}

/** Spells `is name argument` as a filter. `end` is the index behind it. */
function testOf(tokens: readonly Token[], is: number): { tokens: Token[]; end: number } {
  const negated = isWord(tokens[is + 1], 'not')
  let end = is + (negated ? 2 : 1)
  const name = tokens[end++]
  const first = tokens[is]
  if (!first || name?.type !== 'Identifier') throw new Error('"is" needs the name of a test')
  const spelled = [mark('Pipe', '|'), word(`${SPELLED.test}${negated ? 'not ' : ''}${name.value}`, first)]
  const next = tokens[end]
  const isArgument = next && (VALUE_STARTS.has(next.type) || next.type === 'OpenSquareBracket')
  if (!isArgument || /^(else|or|and)$/.test(next.value)) return { tokens: spelled, end }
  if (isWord(next, 'is')) throw new Error('tests cannot be chained with "is"')
  const start = end
  end = operandEnd(tokens, start)
  return { tokens: [...spelled, OPEN, ...expression(tokens.slice(start, end)), CLOSE], end }
}

/** The index behind a literal, name or bracket with its attributes, indices and calls. */
function operandEnd(tokens: readonly Token[], start: number): number {
  let end = start + 1
  const first = tokens[start]
  if (first?.type.startsWith('Open')) end = closing(tokens, start) + 1
  while (first && isText(first) && tokens[end]?.type === 'StringLiteral') end++
  for (;;) {
    const type = tokens[end]?.type
    if (type === 'Dot') end += 2
    else if (type === 'OpenSquareBracket' || type === 'OpenParen') end = closing(tokens, end) + 1
    else return end
  }
}
