// Answers: how is a template evaluated so that neither time nor memory can run away? Every step and every value is counted; loops,
// sorting and what multiplies sizes are counted before they happen. It must not know which variables a template is given.

import { type Environment, Interpreter } from '@huggingface/jinja'
import { isRecord } from '../lib/record.ts'
import { type Extent, grownSize, grows } from './jinja-growth.ts'

const MAX_STEPS = 400_000 // evaluated nodes, about a microsecond each; a message takes some 40, and no context holds 10,000
const MAX_DEPTH = 100 // of lists in lists
// What takes time without evaluating anything costs steps too.
const CHARACTERS_PER_STEP = 256
const ELEMENTS_PER_STEP = 16
const STEPS_PER_ROUND = 2
const SORTED_PER_STEP = 8
const SLICED_PER_STEP = 16
const SETTLED_PER_STEP = 32
const SCALAR: Extent = { size: 1, depth: 0 }

type Runtime = ReturnType<Interpreter['evaluate']>
type Scope = Parameters<Interpreter['evaluate']>[1]
type Node = { readonly type: string } & Readonly<Record<string, unknown>>

/** Stands in the place of an expression that has been evaluated. */
class Evaluated {
  readonly [part: string]: unknown
  readonly type = 'Evaluated'
  readonly result: Runtime

  constructor(result: Runtime) {
    this.result = result
  }
}

const isNode = (value: unknown): value is Node => isRecord(value) && typeof value.type === 'string'

/** The name of a filter, method or argument. */
const nameOf = (node: unknown): unknown => (isRecord(node) ? node.value : undefined)

/** Fails with an Error as soon as a template costs too much, or builds a value of more than `maxSize` characters. */
export class BoundedInterpreter extends Interpreter {
  #steps = 0
  #namespaces = 0
  readonly #maxSize: number
  readonly #extents = new WeakMap<object, Extent>()

  constructor(environment: Environment, maxSize: number) {
    super(environment)
    this.#maxSize = maxSize
  }

  override evaluate(...[statement, scope]: Parameters<Interpreter['evaluate']>): Runtime {
    if (statement instanceof Evaluated) return statement.result
    this.#spend(1)
    const prepared = isNode(statement) ? this.#prepare(statement, scope) : statement
    const result = prepared instanceof Evaluated ? prepared.result : super.evaluate(prepared, scope)
    const { size } = this.#measure(result, this.#maxSize)
    if (typeof result.value === 'string') this.#spend(Math.floor(size / CHARACTERS_PER_STEP))
    return result
  }

  /** Evaluates the parts of a node whose sizes say what the node will cost, and checks that cost. */
  #prepare(node: Node, scope: Scope): Node {
    const { iterable, operand, operator, right, filter, callee, args, property } = node
    if (node.type === 'For' && isNode(iterable)) {
      if (iterable.type !== 'SelectExpression') return { ...node, iterable: this.#rounds(iterable, scope) }
      return { ...node, iterable: { ...iterable, lhs: this.#rounds(iterable.lhs, scope) } }
    }
    if (node.type === 'BinaryExpression' && /^(not )?in$/.test(String(nameOf(operator)))) {
      const searched = new Evaluated(this.#part(right, scope))
      this.#charge(searched, CHARACTERS_PER_STEP)
      return { ...node, right: searched }
    }
    if (node.type === 'FilterExpression' && isNode(filter))
      return this.#prepareFilter(node, operand, filter, scope)
    if (node.type === 'FilterStatement' && isNode(filter)) {
      const printed = new Evaluated(this.evaluate({ ...node, type: 'Program' }, scope))
      return this.#prepareFilter({ type: 'FilterExpression' }, printed, filter, scope)
    }
    if (
      node.type === 'CallExpression' &&
      isNode(callee) &&
      callee.computed === false &&
      grows(nameOf(callee.property))
    ) {
      const object = new Evaluated(this.#part(callee.object, scope))
      const member: Node = { ...callee, object }
      const method = super.evaluate(member, scope)
      if (typeof object.result.value !== 'string') return { ...node, callee: new Evaluated(method) }
      const settled = this.#settle(String(nameOf(callee.property)), object, args, scope)
      return { ...node, callee: new Evaluated(method), args: settled }
    }
    // A method of a text that is not called on the spot could not be checked when it is.
    if (node.type === 'MemberExpression' && (node.computed === true || grows(nameOf(property)))) {
      const object = new Evaluated(this.#part(node.object, scope))
      if (isNode(property) && property.type === 'SliceExpression') this.#charge(object, SLICED_PER_STEP)
      const member: Node = { ...node, object }
      const method = super.evaluate(member, scope)
      if (typeof object.result.value === 'string' && method.type === 'FunctionValue')
        throw new Error('it takes a method from a text without calling it by its name')
      return new Evaluated(method)
    }
    return node
  }

  #prepareFilter(node: Node, operand: unknown, filter: Node, scope: Scope): Node {
    const settled = new Evaluated(this.#part(operand, scope))
    const name = nameOf(filter.type === 'CallExpression' ? filter.callee : filter)
    if (name === 'sort' || name === 'dictsort') this.#charge(settled, SORTED_PER_STEP)
    if (filter.type !== 'CallExpression' || !grows(name)) return { ...node, operand: settled, filter }
    return {
      ...node,
      operand: settled,
      filter: { ...filter, args: this.#settle(name, settled, filter.args, scope) },
    }
  }

  /** Evaluates the arguments of a filter or method that can multiply sizes, and refuses what would become too large. */
  #settle(name: string, operand: Evaluated, args: unknown, scope: Scope): Node[] {
    this.#charge(operand, SETTLED_PER_STEP)
    const positional: Runtime[] = []
    const named = new Map<string, Runtime>()
    const nodes = (Array.isArray(args) ? args : []).map((node: unknown): Node => {
      if (!isNode(node) || /Spread/.test(node.type)) throw new Error(`it spreads arguments into ${name}`)
      const value = new Evaluated(
        this.#part(node.type === 'KeywordArgumentExpression' ? node.value : node, scope),
      )
      if (node.type !== 'KeywordArgumentExpression') {
        positional.push(value.result)
        return value
      }
      named.set(String(nameOf(node.key)), value.result)
      return { ...node, value }
    })
    const extent = this.#measure(operand.result, this.#maxSize)
    this.#fit(grownSize(name, operand.result, extent, { positional, named }), this.#maxSize)
    return nodes
  }

  #rounds(list: unknown, scope: Scope): Evaluated {
    const settled = new Evaluated(this.#part(list, scope))
    const { value } = settled.result
    if (Array.isArray(value)) this.#spend(STEPS_PER_ROUND * value.length)
    return settled
  }

  #part(node: unknown, scope: Scope): Runtime {
    return this.evaluate(isNode(node) ? node : undefined, scope)
  }

  /** Spends a step for so much of a value. */
  #charge({ result }: Evaluated, sizePerStep: number): void {
    this.#spend(Math.floor(this.#measure(result, this.#maxSize).size / sizePerStep))
  }

  #spend(steps: number): void {
    this.#steps += steps
    if (this.#steps > MAX_STEPS) throw new Error('it takes too many steps')
  }

  /**
   * The extent of a value if it were printed; fails beyond `left`. A shared part counts each time it appears, because
   * printing repeats it. Extents are remembered, except of what holds a namespace: only those can change.
   */
  #measure({ type, value }: { readonly type: string; readonly value: unknown }, left: number): Extent {
    if (typeof value === 'string') return { size: this.#fit(value.length, left), depth: 0 }
    if (!Array.isArray(value) && !(value instanceof Map)) return SCALAR
    const known = this.#extents.get(value)
    if (known !== undefined) {
      this.#spend(Math.floor((Array.isArray(value) ? value.length : value.size) / ELEMENTS_PER_STEP))
      this.#fit(known.size, left)
      return known
    }
    if (type === 'NamespaceValue') this.#namespaces++
    const before = this.#namespaces
    let size = 1
    let depth = 0
    for (const part of value.values()) {
      this.#spend(1)
      const inner = this.#measure(part, left - this.#fit(size, left))
      size += inner.size
      depth = Math.max(depth, inner.depth + 1)
    }
    if (depth > MAX_DEPTH) throw new Error(`it nests lists more than ${MAX_DEPTH} deep`)
    const extent = { size: this.#fit(size, left), depth }
    if (type !== 'NamespaceValue' && this.#namespaces === before) this.#extents.set(value, extent)
    return extent
  }

  #fit(size: number, left: number): number {
    if (!(size <= left)) throw new Error(`it builds a value of more than ${this.#maxSize} characters`)
    return size
  }
}
