// Macros, and the blocks that are passed to them as `caller`.
import { callValue } from './attributes.ts'
import { compileExpression } from './expressions.ts'
import { type Expression, type Frame, type Statement, written } from './frame.ts'
import type { CallBlock, Macro, Node } from './nodes.ts'
import { type Arguments, Dict, definedOr, Native, Tuple, Undefined, type Value } from './values.ts'

interface Parameter {
  readonly name: string
  readonly fallback: Expression | undefined
}
interface Definition {
  readonly name: string | undefined
  readonly parameters: readonly Parameter[]
  /** Names among varargs, kwargs and caller that the body reads: others are refused when passed. */
  readonly reads: ReadonlySet<string>
  readonly body: Statement
}

/** Compiles a macro. The result makes it in the scope where it stands, which its body can read. */
export function macroOf({ name, args, body }: Macro, block: Statement): (frame: Frame) => Native {
  const reads = namesIn([...args, ...body])
  const definition = { name: name.value, parameters: args.map(parameterOf), reads, body: block }
  return (frame) => define(definition, frame)
}

/** Compiles `{% call %}`: calls a macro with the block as its `caller`. */
export function callBlock(
  { call, callerArgs, body }: CallBlock,
  block: Statement,
  readArguments: (frame: Frame) => Arguments,
): Expression {
  const parameters = callerArgs ?? []
  const reads = namesIn([...parameters, ...body])
  const definition = { name: undefined, parameters: parameters.map(parameterOf), reads, body: block }
  const callee = compileExpression(call.callee)
  return (frame) => {
    const called = callee(frame)
    const { positional, named } = readArguments(frame)
    const caller = define(definition, frame)
    return callValue(frame.budget, called, { positional, named: new Map([...named, ['caller', caller]]) })
  }
}

function parameterOf(node: Node): Parameter {
  if (node.type === 'Identifier') return { name: node.value, fallback: undefined }
  if (node.type !== 'KeywordArgumentExpression') throw new Error('a macro has a parameter without a name')
  return { name: node.key.value, fallback: compileExpression(node.value) }
}

/** All identifiers below some nodes. */
function namesIn(nodes: unknown, names = new Set<string>()): ReadonlySet<string> {
  if (nodes instanceof Map) for (const pair of nodes) namesIn(pair, names)
  else if (Array.isArray(nodes)) for (const node of nodes) namesIn(node, names)
  else if (typeof nodes === 'object' && nodes !== null) {
    if ('type' in nodes && nodes.type === 'Identifier' && 'value' in nodes) names.add(String(nodes.value))
    else namesIn(Object.values(nodes), names)
  }
  return names
}

function define(definition: Definition, scope: Frame): Native {
  const { name, parameters } = definition
  const attributes = new Map<string, Value>([
    ['name', name ?? null],
    ['arguments', new Tuple(parameters.map((parameter) => parameter.name))],
    ['catch_varargs', definition.reads.has('varargs')],
    ['catch_kwargs', definition.reads.has('kwargs')],
    ['caller', definition.reads.has('caller')],
  ])
  return new Native('Macro', (attribute) => attributes.get(attribute), {
    call: (budget, args) =>
      budget.nested(() => {
        const frame = scope.inner()
        bindParameters(definition, frame, args)
        return written(definition.body, frame)
      }),
    print: () => `<Macro ${name === undefined ? 'anonymous' : `'${name}'`}>`,
  })
}

function bindParameters(
  { name = 'caller', parameters, reads }: Definition,
  frame: Frame,
  { positional, named }: Arguments,
): void {
  const rest = new Map(named)
  const take = (key: string): Value | undefined => {
    const value = rest.get(key)
    rest.delete(key)
    return value
  }
  const values = parameters.map((parameter, index) =>
    index < positional.length ? positional[index] : take(parameter.name),
  )
  const hasCaller = parameters.some((parameter) => parameter.name === 'caller')
  if (reads.has('caller') && !hasCaller)
    frame.set(
      'caller',
      definedOr(take('caller'), () => new Undefined('No caller defined')),
    )
  if (reads.has('kwargs')) frame.set('kwargs', new Dict(rest))
  else for (const key of rest.keys()) throw new Error(`macro '${name}' takes no keyword argument '${key}'`)
  if (reads.has('varargs')) frame.set('varargs', new Tuple(positional.slice(parameters.length)))
  else if (positional.length > parameters.length)
    throw new Error(`macro '${name}' takes not more than ${parameters.length} argument(s)`)
  for (const [index, parameter] of parameters.entries()) {
    const missing = new Undefined(`parameter '${parameter.name}' was not provided`)
    const value = definedOr(values[index], () => (parameter.fallback ? parameter.fallback(frame) : missing))
    frame.set(parameter.name, value)
  }
}
