// Compiles statements of the syntax tree into functions that write to an output.
import { compileArguments, compileExpression, compileFilter, filterCall } from './expressions.ts'
import { toText } from './format.ts'
import { type Expression, type Frame, Output, type Signal, type Statement, written } from './frame.ts'
import { Loop } from './loop.ts'
import { callBlock, macroOf } from './macros.ts'
import type { For, Node, SetBlock } from './nodes.ts'
import { SPELLED } from './parse.ts'
import { assigner } from './targets.ts'
import { isTrue, iterate, Lazy, type Value } from './values.ts'

/** Compiles the statements of a block. */
export function compileBlock(nodes: readonly Node[]): Statement {
  const statements = nodes.map(compileStatement)
  return (frame, output) => {
    for (const statement of statements) {
      const signal = statement(frame, output)
      if (signal !== 'next') return signal
    }
    return 'next'
  }
}

function compileStatement(node: Node): Statement {
  switch (node.type) {
    case 'If': {
      const [test, body, alternate] = [
        compileExpression(node.test),
        compileBlock(node.body),
        compileBlock(node.alternate),
      ]
      return (frame, output) => (isTrue(test(frame)) ? body : alternate)(frame, output)
    }
    case 'For':
      return compileLoop(node)
    case 'Set':
      return compileSet(node)
    case 'Macro': {
      const define = macroOf(node, compileBlock(node.body))
      return done((frame) => frame.set(node.name.value, define(frame)))
    }
    case 'CallStatement':
      return compileCall(node)
    case 'FilterStatement': {
      const { name, readArguments } = filterCall(node.filter)
      return printed(compileFilter(name, captured(compileBlock(node.body)), readArguments))
    }
    case 'Break':
      return () => 'break'
    case 'Continue':
      return () => 'continue'
    case 'StringLiteral': {
      const text = String(node.value)
      return (frame, output) => {
        frame.budget.spend(1)
        output.write(text)
        return 'next'
      }
    }
    default:
      return printed(compileExpression(node))
  }
}

const done =
  (act: (frame: Frame) => void): Statement =>
  (frame) => {
    frame.budget.spend(1)
    act(frame)
    return 'next'
  }

const printed =
  (expression: Expression): Statement =>
  (frame, output) => {
    output.write(toText(frame.budget, expression(frame)))
    return 'next'
  }

/** What a block writes, in a scope of its own. */
export const captured =
  (block: Statement): Expression =>
  (frame) =>
    written(block, frame.inner())

function compileSet({ assignee, value, body }: SetBlock): Statement {
  if (value) {
    const [assign, expression] = [assigner(assignee), compileExpression(value)]
    return done((frame) => assign(frame, expression(frame)))
  }
  let target = assignee
  const filters: ReturnType<typeof filterCall>[] = []
  while (target.type === 'FilterExpression') {
    filters.unshift(filterCall(target.filter))
    target = target.operand
  }
  const text = filters.reduce<Expression>(
    (expression, { name, readArguments }) => compileFilter(name, expression, readArguments),
    captured(compileBlock(body)),
  )
  const assign = assigner(target)
  return done((frame) => assign(frame, text(frame)))
}

function compileCall(node: Extract<Node, { type: 'CallStatement' }>): Statement {
  const { callee } = node.call
  const body = compileBlock(node.body)
  if (callee.type === 'Identifier' && callee.value === SPELLED.with) {
    const values = (node.callerArgs ?? []).map((argument) => {
      if (argument.type !== 'KeywordArgumentExpression') throw new Error('"with" needs values')
      return { name: argument.key.value, value: compileExpression(argument.value) }
    })
    return (frame, output) => {
      const inner = frame.inner()
      for (const { name, value } of values) inner.set(name, value(frame))
      return body(inner, output)
    }
  }
  if (callee.type === 'Identifier' && callee.value === SPELLED.generation) return printed(captured(body))
  return printed(callBlock(node, body, compileArguments(node.call.args)))
}

/** The items, condition and kind of a loop, from how the parser was told them. */
function loopParts({ iterable }: For) {
  if (iterable.type !== 'FilterExpression') throw new Error('a loop has no items')
  const { operand, filter } = iterable
  const call = filter.type === 'CallExpression' ? filter : undefined
  const name = call ? call.callee : filter
  const [condition] = call?.args ?? []
  return {
    items: compileExpression(operand),
    condition: condition && compileExpression(condition),
    isRecursive: name.type === 'Identifier' && name.value === SPELLED.recursiveLoop,
  }
}

function compileLoop(node: For): Statement {
  const { items, condition, isRecursive } = loopParts(node)
  if (node.loopvar.type === 'Identifier' && node.loopvar.value === 'loop')
    throw new Error("Can't assign to special loop variable in for-loop target")
  const assign = assigner(node.loopvar)
  const body = compileBlock(node.body)
  const otherwise = compileBlock(node.defaultBlock)

  const selected = (frame: Frame, all: Value): Value => {
    if (!condition) return all
    function* rounds(test: Expression): Generator<Value> {
      for (const item of iterate(all)) {
        frame.budget.spend(2)
        const inner = frame.inner()
        assign(inner, item)
        if (isTrue(test(inner))) yield item
      }
    }
    return new Lazy(rounds(condition))
  }

  const run = (frame: Frame, output: Output, all: Value, depth: number): Signal => {
    const recurse = (inner: Value): Value =>
      frame.budget.nested(() => {
        const nested = new Output(frame.budget)
        run(frame, nested, inner, depth + 1)
        return nested.text
      })
    const loop = new Loop(frame.budget, selected(frame, all), depth, isRecursive ? recurse : undefined)
    let item = loop.next()
    if (item === undefined) return otherwise(frame.inner(), output)
    for (; item !== undefined; item = loop.next()) {
      const round = frame.inner()
      round.set('loop', loop.object)
      assign(round, item)
      if (body(round, output) === 'break') break
    }
    return 'next'
  }
  return (frame, output) => run(frame, output, items(frame), 0)
}
