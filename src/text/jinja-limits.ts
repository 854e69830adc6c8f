// Jinja interpreter with limits on time and memory, for templates from downloaded files. Every evaluated node
// costs a step. What takes long without evaluating nodes (loops, searching, sorting, slicing) pays beforehand
// by the size of its operand; what multiplies sizes is refused before it is built.
import { type Environment, Interpreter } from '@huggingface/jinja'
import { isJsonObject } from '../lib/json.ts'

// A step takes about a microsecond; a message takes some 40 of them, and no context holds 10,000 messages.
const LIMITS = { steps: 400_000, nesting: 100 }
const STEPS_PER_ROUND = 2 // of a loop, beside its body
/**
 * Characters or elements that cost one step: of a result (`text`), of a list whose size is known (`list`),
 * and of the operands of searches, slices, sorts and RESULT_SIZES (`multiplied`).
 */
const SIZE_PER_STEP = { text: 256, list: 16, searched: 256, sliced: 16, sorted: 8, multiplied: 32 }

type JinjaValue = ReturnType<Interpreter['evaluate']>
type JinjaScope = Parameters<Interpreter['evaluate']>[1]
type JinjaNode = { readonly type: string } & Readonly<Record<string, unknown>>
/** Replaces a node that has been evaluated. The parser makes no node of this type. */
type EvaluatedNode = JinjaNode & { readonly type: 'Evaluated'; readonly result: JinjaValue }
/** Size of a value as it would be printed, in characters plus elements, and how deep its lists nest. */
type PrintedSize = { readonly size: number; readonly nesting: number }
/** A call of a filter or method; `args` are by position and by name. */
type SizedCall = PrintedSize & {
  readonly operand: JinjaValue
  readonly args: ReadonlyMap<unknown, JinjaValue>
}

/** Lower bounds of the results of those filters and methods that multiply sizes, in characters. */
const RESULT_SIZES = new Map<unknown, (call: SizedCall) => number>(
  Object.entries({
    replace: ({ operand, size, args }: SizedCall) =>
      size + occurrences(textOf(operand), textOf(args.get(0))) * textOf(args.get(1)).length,
    join: ({ operand: { value }, size, args }: SizedCall) =>
      size +
      (Array.isArray(value) ? value.length : size) * textOf(args.get(0) ?? args.get('separator')).length,
    indent: ({ operand, size, args }: SizedCall) =>
      size + (occurrences(textOf(operand), '\n') + 1) * numberOf(args.get(0) ?? args.get('width'), 4),
    tojson: ({ size, nesting, args }: SizedCall) =>
      size * (1 + numberOf(args.get('indent'), 0) * (nesting + 1) + textOf(args.get('separators')).length),
  }),
)

const isNode = (value: unknown): value is JinjaNode => isJsonObject(value) && typeof value.type === 'string'
const isEvaluated = (node: unknown): node is EvaluatedNode => isNode(node) && node.type === 'Evaluated'
const evaluated = (result: JinjaValue): EvaluatedNode => ({ type: 'Evaluated', result })
/** The name of a filter, method, operator or argument. */
const nameOf = (node: unknown): unknown => (isJsonObject(node) ? node.value : undefined)
const isText = (operand: unknown): operand is { readonly value: string } =>
  isJsonObject(operand) && typeof operand.value === 'string'
const textOf = (operand: unknown): string => {
  if (isJsonObject(operand) && Array.isArray(operand.value)) return operand.value.map(textOf).join('')
  return isText(operand) ? operand.value : ''
}
const numberOf = (operand: JinjaValue | undefined, missing: number): number =>
  typeof operand?.value === 'number' ? operand.value : missing
/** How often a text contains another; an empty one is between all characters. */
const occurrences = (text: string, part: string): number =>
  part === '' ? text.length + 1 : text.split(part).length - 1

/**
 * Throws an Error as soon as a template takes too many steps, or builds a value of more than `maxSize`
 * characters.
 */
export class LimitedInterpreter extends Interpreter {
  #steps = 0
  #namespaces = 0 // number measured so far
  readonly #maxSize: number
  readonly #sizes = new WeakMap<object, PrintedSize>() // of lists and mappings

  constructor(environment: Environment, maxSize: number) {
    super(environment)
    this.#maxSize = maxSize
  }

  override evaluate(...[statement, scope]: Parameters<Interpreter['evaluate']>): JinjaValue {
    if (isEvaluated(statement)) return statement.result
    this.#spend(1)
    const prepared = isNode(statement) ? this.#prepare(statement, scope) : statement
    const result = isEvaluated(prepared) ? prepared.result : super.evaluate(prepared, scope)
    const { size } = this.#measure(result)
    if (isText(result)) this.#spend(size / SIZE_PER_STEP.text)
    return result
  }

  /** Evaluates those parts of a node whose sizes say what the node will cost, and charges that. */
  #prepare(node: JinjaNode, scope: JinjaScope): JinjaNode {
    const { iterable, filter, callee, property } = node
    switch (node.type) {
      case 'For': {
        const select = isNode(iterable) && iterable.type === 'SelectExpression' ? iterable : undefined
        const list = this.#evaluatePart(select ? select.lhs : iterable, scope)
        const { value } = list.result
        if (Array.isArray(value)) this.#spend(STEPS_PER_ROUND * value.length)
        return { ...node, iterable: select ? { ...select, lhs: list } : list }
      }
      case 'BinaryExpression':
        if (!/^(not )?in$/.test(String(nameOf(node.operator)))) return node
        return { ...node, right: this.#charge(this.#evaluatePart(node.right, scope), SIZE_PER_STEP.searched) }
      case 'FilterStatement':
        return this.#prepare(
          { type: 'FilterExpression', operand: { ...node, type: 'Program' }, filter },
          scope,
        )
      case 'FilterExpression': {
        const operand = this.#evaluatePart(node.operand, scope)
        const call = isNode(filter) && filter.type === 'CallExpression' ? filter : undefined
        const name = nameOf(call ? call.callee : filter)
        if (name === 'sort' || name === 'dictsort') this.#charge(operand, SIZE_PER_STEP.sorted)
        if (!call || !RESULT_SIZES.has(name)) return { ...node, operand }
        return { ...node, operand, filter: { ...call, args: this.#args(name, operand, call.args, scope) } }
      }
      case 'CallExpression': {
        const name = isNode(callee) && callee.computed === false ? nameOf(callee.property) : undefined
        if (!isNode(callee) || !RESULT_SIZES.has(name)) return node
        const object = this.#evaluatePart(callee.object, scope)
        const method = this.#member(callee, object, scope)
        if (!isText(object.result)) return { ...node, callee: method }
        return { ...node, callee: method, args: this.#args(name, object, node.args, scope) }
      }
      case 'MemberExpression': {
        if (node.computed !== true && !RESULT_SIZES.has(nameOf(property))) return node
        const object = this.#evaluatePart(node.object, scope)
        if (isNode(property) && property.type === 'SliceExpression')
          this.#charge(object, SIZE_PER_STEP.sliced)
        const method = this.#member(node, object, scope)
        // A method that is kept for a later call could not be checked then.
        if (isText(object.result) && method.result.type === 'FunctionValue')
          throw new Error('it uses a method of a string without calling it directly')
        return method
      }
      default:
        return node
    }
  }

  /**
   * Evaluates the arguments of a filter or method that multiplies sizes, and refuses what would become too
   * large.
   */
  #args(name: unknown, { result: operand }: EvaluatedNode, nodes: unknown, scope: JinjaScope): JinjaNode[] {
    this.#charge(evaluated(operand), SIZE_PER_STEP.multiplied)
    const args = new Map<unknown, JinjaValue>()
    let positional = 0
    const parts = (Array.isArray(nodes) ? nodes : []).map((node: unknown): JinjaNode => {
      if (!isNode(node) || /Spread/.test(node.type))
        throw new Error(`it spreads arguments into a call of ${name}`)
      const named = node.type === 'KeywordArgumentExpression'
      const value = this.#evaluatePart(named ? node.value : node, scope)
      args.set(named ? nameOf(node.key) : positional++, value.result)
      return named ? { ...node, value } : value
    })
    const call = { ...this.#measure(operand), operand, args }
    this.#checkSize(RESULT_SIZES.get(name)?.(call) ?? 0, this.#maxSize)
    return parts
  }

  #evaluatePart(node: unknown, scope: JinjaScope): EvaluatedNode {
    return evaluated(this.evaluate(isNode(node) ? node : undefined, scope))
  }

  #member(node: JinjaNode, object: EvaluatedNode, scope: JinjaScope): EvaluatedNode {
    const member: JinjaNode = { ...node, object }
    return evaluated(super.evaluate(member, scope))
  }

  #charge(operand: EvaluatedNode, sizePerStep: number): EvaluatedNode {
    this.#spend(this.#measure(operand.result).size / sizePerStep)
    return operand
  }

  #spend(steps: number): void {
    this.#steps += Math.floor(steps)
    if (this.#steps > LIMITS.steps) throw new Error('it takes too many steps')
  }

  /**
   * Measures a value; fails beyond `left`. A shared part counts each time it appears, because printing
   * repeats it. Sizes are remembered, except of what holds a namespace: only those can change.
   */
  #measure({ type, value }: { type: string; value: unknown }, left = this.#maxSize): PrintedSize {
    if (typeof value === 'string') return { size: this.#checkSize(value.length, left), nesting: 0 }
    if (!Array.isArray(value) && !(value instanceof Map)) return { size: 1, nesting: 0 }
    const known = this.#sizes.get(value)
    if (known) {
      this.#spend((Array.isArray(value) ? value.length : value.size) / SIZE_PER_STEP.list)
      this.#checkSize(known.size, left)
      return known
    }
    if (type === 'NamespaceValue') this.#namespaces++
    const before = this.#namespaces
    let size = 1
    let nesting = 0
    for (const part of value.values()) {
      this.#spend(1)
      const inner = this.#measure(part, left - this.#checkSize(size, left))
      size += inner.size
      nesting = Math.max(nesting, inner.nesting + 1)
    }
    if (nesting > LIMITS.nesting) throw new Error(`it nests lists more than ${LIMITS.nesting} deep`)
    const measured = { size: this.#checkSize(size, left), nesting }
    if (type !== 'NamespaceValue' && this.#namespaces === before) this.#sizes.set(value, measured)
    return measured
  }

  #checkSize(size: number, left: number): number {
    if (!(size <= left)) throw new Error(`it builds a value of more than ${this.#maxSize} characters`)
    return size
  }
}
