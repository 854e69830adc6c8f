// Compiles expressions of the syntax tree into functions.
import { applyFilter, applyTest, hasFilter, hasTest } from './apply.ts'
import { callValue, getAttribute, getItem, getSlice } from './attributes.ts'
import type { Expression, Frame } from './frame.ts'
import type { Binary, Call, Filter, Member, Node } from './nodes.ts'
import { arithmetic, compares, negate } from './operators.ts'
import { SPELLED } from './parse.ts'
import { type Arguments, Dict, Float, isTrue, iterate, Tuple, Undefined, type Value } from './values.ts'

const CONSTANTS = new Map<string, Value>([
  ['true', true],
  ['True', true],
  ['false', false],
  ['False', false],
  ['none', null],
  ['None', null],
  [SPELLED.emptyTuple, new Tuple([])],
])
const COMPARISONS = new Set(['==', '!=', '<', '>', '<=', '>=', 'in', 'not in'])
const ADDITIVE = new Set(['+', '-', '~'])

/** Compiles an expression; each evaluation of a node costs a step. */
export function compileExpression(node: Node): Expression {
  const evaluate = compileNode(node)
  return (frame) => {
    frame.budget.spend(1)
    return evaluate(frame)
  }
}

function compileNode(node: Node): Expression {
  switch (node.type) {
    case 'StringLiteral':
    case 'IntegerLiteral': {
      const { value } = node
      return () => value
    }
    case 'FloatLiteral': {
      const value = new Float(Number(node.value))
      return () => value
    }
    case 'Identifier': {
      const { value: name } = node
      const constant = CONSTANTS.get(name)
      return constant === undefined ? (frame) => frame.get(name) : () => constant
    }
    case 'ArrayLiteral': {
      const items = node.value.map(compileExpression)
      return (frame) => items.map((item) => item(frame))
    }
    case 'TupleLiteral': {
      const items = node.value.filter((item) => !isTupleEnd(item)).map(compileExpression)
      return (frame) => new Tuple(items.map((item) => item(frame)))
    }
    case 'ObjectLiteral': {
      const entries = [...node.value].map((pair) => pair.map(compileExpression))
      return (frame) =>
        new Dict(entries.map(([key, value]) => [key?.(frame) ?? null, value?.(frame) ?? null] as const))
    }
    case 'UnaryExpression':
      return unary(node.operator.value, compileExpression(node.argument))
    case 'BinaryExpression':
      return binary(node)
    case 'Ternary':
      return conditional(node.condition, node.trueExpr, compileExpression(node.falseExpr))
    case 'SelectExpression': {
      const reason = 'the inline if-expression evaluated to false and no else section was defined.'
      return conditional(node.test, node.lhs, () => new Undefined(reason))
    }
    case 'MemberExpression':
      return member(node)
    case 'CallExpression':
      return call(node)
    case 'FilterExpression':
      return filterExpression(node)
    default:
      throw new Error(`unexpected ${node.type} in an expression`)
  }
}

const isTupleEnd = (node: Node): boolean => node.type === 'Identifier' && node.value === SPELLED.tupleEnd

const unary = (operator: string, argument: Expression): Expression =>
  operator === 'not' ? (frame) => !isTrue(argument(frame)) : (frame) => negate(operator, argument(frame))

function conditional(test: Node, then: Node, otherwise: Expression): Expression {
  const [condition, value] = [compileExpression(test), compileExpression(then)]
  return (frame) => (isTrue(condition(frame)) ? value(frame) : otherwise(frame))
}

function binary(node: Binary): Expression {
  const { value: operator } = node.operator
  if (COMPARISONS.has(operator)) return comparisonChain(node)
  if (ADDITIVE.has(operator)) return sum(node)
  const [left, right] = [compileExpression(node.left), compileExpression(node.right)]
  if (operator === 'and')
    return (frame) => {
      const value = left(frame)
      return isTrue(value) ? right(frame) : value
    }
  if (operator === 'or')
    return (frame) => {
      const value = left(frame)
      return isTrue(value) ? value : right(frame)
    }
  return (frame) => arithmetic(frame.budget, operator, left(frame), right(frame))
}

interface Chain {
  readonly first: Node
  readonly rest: { readonly operator: string; readonly operand: Node }[]
}

/** The operands of operators that stand in the same brackets, from left to right. */
function chainOf(node: Binary, operators: ReadonlySet<string>): Chain {
  const { left, operator, right } = node
  const continues =
    left.type === 'BinaryExpression' &&
    operators.has(left.operator.value) &&
    left.operator.group === operator.group
  const { first, rest } = continues ? chainOf(left, operators) : { first: left, rest: [] }
  rest.push({ operator: operator.value, operand: right })
  return { first, rest }
}

/** `a < b < c` means `a < b and b < c`; the parser reads it as `(a < b) < c`. */
function comparisonChain(node: Binary): Expression {
  const { first, rest } = chainOf(node, COMPARISONS)
  const start = compileExpression(first)
  const steps = rest.map(({ operator, operand }) => ({ operator, operand: compileExpression(operand) }))
  return (frame) => {
    let left = start(frame)
    for (const { operator, operand } of steps) {
      const right = operand(frame)
      if (!compares(frame.budget, operator, left, right)) return false
      left = right
    }
    return true
  }
}

/** `a + b ~ c` means `a + (b ~ c)`; the parser reads it as `(a + b) ~ c`. */
function sum(node: Binary): Expression {
  const { first, rest } = chainOf(node, ADDITIVE)
  const terms: { operator: string; term: Expression }[] = [{ operator: '+', term: compileExpression(first) }]
  for (const { operator, operand } of rest) {
    const value = compileExpression(operand)
    const last = terms.at(-1)
    if (operator !== '~' || !last) terms.push({ operator, term: value })
    else last.term = joined(last.term, value)
  }
  const [start, ...others] = terms
  if (!start || others.length === 0) return start?.term ?? (() => null)
  return (frame) =>
    others.reduce(
      (total, { operator, term }) => arithmetic(frame.budget, operator, total, term(frame)),
      start.term(frame),
    )
}

const joined =
  (left: Expression, right: Expression): Expression =>
  (frame) =>
    arithmetic(frame.budget, '~', left(frame), right(frame))

function member({ object, property, computed }: Member): Expression {
  const value = compileExpression(object)
  if (property.type === 'SliceExpression') {
    const bounds = [property.start, property.stop, property.step].map(
      (bound) => bound && compileExpression(bound),
    )
    return (frame) =>
      getSlice(
        frame.budget,
        value(frame),
        bounds.map((bound) => bound?.(frame)),
      )
  }
  if (!computed && property.type === 'Identifier') {
    const { value: name } = property
    return (frame) => getAttribute(frame.budget, value(frame), name)
  }
  const key = compileExpression(property)
  return (frame) => getItem(frame.budget, value(frame), key(frame))
}

function call({ callee, args }: Call): Expression {
  const value = compileExpression(callee)
  const readArguments = compileArguments(args)
  return (frame) => {
    const called = value(frame)
    return callValue(frame.budget, called, readArguments(frame))
  }
}

/** Compiles the arguments of a call, unpacked lists and mappings included. */
export function compileArguments(nodes: readonly Node[]): (frame: Frame) => Arguments {
  const readers = nodes.map((node) => {
    if (node.type === 'KeywordArgumentExpression')
      return { name: node.key.value, value: compileExpression(node.value), spreads: false }
    const spreads = node.type === 'SpreadExpression' || node.type === 'KeywordSpreadExpression'
    const name = node.type === 'KeywordSpreadExpression' ? '**' : undefined
    return { name, value: compileExpression(spreads ? node.argument : node), spreads }
  })
  return (frame) => {
    const positional: Value[] = []
    const named = new Map<string, Value>()
    const addNamed = (name: Value, value: Value) => {
      if (typeof name !== 'string') throw new Error('keywords must be strings')
      if (named.has(name)) throw new Error(`got multiple values for keyword argument '${name}'`)
      named.set(name, value)
    }
    for (const { name, value, spreads } of readers) {
      const read = value(frame)
      if (!spreads && name === undefined) positional.push(read)
      else if (!spreads && name !== undefined) addNamed(name, read)
      else if (name === undefined)
        for (const item of iterate(read)) {
          frame.budget.spend(1)
          positional.push(item)
        }
      else {
        if (!(read instanceof Dict)) throw new Error('argument after ** must be a mapping')
        for (const [key, item] of read.entries()) addNamed(key, item)
      }
    }
    return { positional, named }
  }
}

/** The name and arguments of a filter. */
export function filterCall(node: Node): { name: string; readArguments: (frame: Frame) => Arguments } {
  const callee = node.type === 'CallExpression' ? node.callee : node
  if (callee.type !== 'Identifier') throw new Error('a filter has no name')
  const readArguments = compileArguments(node.type === 'CallExpression' ? node.args : [])
  return { name: callee.value, readArguments }
}

function filterExpression({ operand, filter }: Filter): Expression {
  const value = compileExpression(operand)
  const { name, readArguments } = filterCall(filter)
  if (!name.startsWith(SPELLED.test)) return compileFilter(name, value, readArguments)
  const negated = name.startsWith(`${SPELLED.test}not `)
  const test = name.slice(SPELLED.test.length + (negated ? 'not '.length : 0))
  if (!hasTest(test)) return unknown(`No test named '${test}'.`)
  return (frame) => {
    const tested = value(frame)
    return applyTest(frame.budget, test, tested, readArguments(frame)) !== negated
  }
}

/** Compiles a filter of what another expression or a block gives. */
export function compileFilter(
  name: string,
  value: Expression,
  readArguments: (frame: Frame) => Arguments,
): Expression {
  if (!hasFilter(name)) return unknown(`No filter named '${name}'.`)
  return (frame) => {
    const operand = value(frame)
    return applyFilter(frame.budget, name, operand, readArguments(frame))
  }
}

/** Jinja refuses unknown names at once, but in a conditional only when they are used. */
function unknown(message: string): Expression {
  return () => {
    throw new Error(message)
  }
}
