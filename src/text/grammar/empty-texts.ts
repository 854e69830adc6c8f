// Finds what can generate the empty text, refuses left recursion, and rewrites repeats so that every round
// generates something: an automaton would otherwise go round without reading.
import { HadalError } from '../../lib/error.ts'
import { choice, type Expression, type Grammar, type Rule, repeat, sequence } from './grammar.ts'

/**
 * The same language, in which no repeated part can be empty.
 * @throws HadalError bad_request, naming a rule that begins with itself
 */
export function withoutEmptyRounds({ rules, root }: Grammar): Grammar {
  const empty = emptyRules(rules)
  refuseLeftRecursion(rules, empty)
  return { rules: new Rewriter(rules, empty).run(), root }
}

/** Whether an expression can generate the empty text. */
function isNullable(expression: Expression, empty: ReadonlySet<number>): boolean {
  switch (expression.kind) {
    case 'bytes':
    case 'tokens':
      return false
    case 'words':
      return expression.words.includes('')
    case 'sequence':
      return expression.parts.every((part) => isNullable(part, empty))
    case 'choice':
      return expression.options.some((option) => isNullable(option, empty))
    case 'repeat':
      return expression.min === 0 || isNullable(expression.body, empty)
    case 'rule':
      return empty.has(expression.rule)
  }
}

/** Calls `visit` for every rule that an expression refers to. */
function visitReferences(expression: Expression, visit: (rule: number) => void): void {
  if (expression.kind === 'rule') visit(expression.rule)
  else if (expression.kind === 'repeat') visitReferences(expression.body, visit)
  else if (expression.kind === 'sequence') for (const part of expression.parts) visitReferences(part, visit)
  else if (expression.kind === 'choice') for (const part of expression.options) visitReferences(part, visit)
}

function emptyRules(rules: readonly Rule[]): ReadonlySet<number> {
  const users: number[][] = rules.map(() => [])
  for (const [at, { body }] of rules.entries()) visitReferences(body, (rule) => users[rule]?.push(at))
  const empty = new Set<number>()
  const left = [...rules.keys()]
  for (let at = left.pop(); at !== undefined; at = left.pop()) {
    const rule = rules[at]
    if (rule === undefined || empty.has(at) || !isNullable(rule.body, empty)) continue
    empty.add(at)
    left.push(...(users[at] ?? []))
  }
  return empty
}

/** Calls `visit` for the rules that an expression can begin with. */
function visitFirst(expression: Expression, empty: ReadonlySet<number>, visit: (rule: number) => void): void {
  if (expression.kind === 'rule') visit(expression.rule)
  else if (expression.kind === 'repeat') visitFirst(expression.body, empty, visit)
  else if (expression.kind === 'choice')
    for (const option of expression.options) visitFirst(option, empty, visit)
  else if (expression.kind === 'sequence')
    for (const part of expression.parts) {
      visitFirst(part, empty, visit)
      if (!isNullable(part, empty)) return
    }
}

/** Searches the graph of first references for a cycle, without recursion: chains of rules may be long. */
function refuseLeftRecursion(rules: readonly Rule[], empty: ReadonlySet<number>): void {
  const firsts = rules.map(({ body }) => {
    const found = new Set<number>()
    visitFirst(body, empty, (rule) => found.add(rule))
    return [...found]
  })
  const state = new Uint8Array(rules.length) // 1: on the path, 2: done
  for (const start of rules.keys()) {
    const path = state[start] === 0 ? [start] : []
    for (let at = path.at(-1); at !== undefined; at = path.at(-1)) {
      state[at] = 1
      const next = firsts[at]?.pop()
      if (next === undefined) {
        state[at] = 2
        path.pop()
      } else if (state[next] === 1) {
        throw new HadalError('bad_request', `The rule ${rules[next]?.name} begins with itself.`, {
          hint: 'Write lists with the repeated part at the end, or with * and +.',
        })
      } else if (state[next] === 0) path.push(next)
    }
  }
}

class Rewriter {
  readonly #rules: Rule[]
  readonly #empty: ReadonlySet<number>
  readonly #nonEmpty = new Map<number, Expression>()

  constructor(rules: readonly Rule[], empty: ReadonlySet<number>) {
    this.#rules = [...rules]
    this.#empty = empty
  }

  run(): readonly Rule[] {
    // The list grows by the rules without their empty texts.
    for (let at = 0; at < this.#rules.length; at++) {
      const rule = this.#rules[at]
      if (rule) this.#rules[at] = { name: rule.name, body: this.#rewrite(rule.body) }
    }
    return this.#rules
  }

  #rewrite(expression: Expression): Expression {
    if (expression.kind === 'sequence')
      return { kind: 'sequence', parts: expression.parts.map((part) => this.#rewrite(part)) }
    if (expression.kind === 'choice')
      return { kind: 'choice', options: expression.options.map((part) => this.#rewrite(part)) }
    if (expression.kind !== 'repeat') return expression
    const { body, min, max } = expression
    return isNullable(body, this.#empty)
      ? repeat(this.#rewrite(this.#withoutEmpty(body)), 0, max)
      : repeat(this.#rewrite(body), min, max)
  }

  /** What the expression generates, the empty text aside. */
  #withoutEmpty(expression: Expression): Expression {
    if (!isNullable(expression, this.#empty)) return expression
    switch (expression.kind) {
      case 'words':
        return { kind: 'words', words: expression.words.filter((word) => word !== '') }
      case 'choice':
        return choice(...expression.options.map((option) => this.#withoutEmpty(option)))
      case 'repeat':
        // Empty rounds are dropped, so that any number of the others will do.
        return repeat(this.#withoutEmpty(expression.body), 1, expression.max)
      case 'sequence':
        return choice(
          ...expression.parts.map((part, at) =>
            sequence(this.#withoutEmpty(part), ...expression.parts.slice(at + 1)),
          ),
        )
      case 'rule':
        return this.#ruleWithoutEmpty(expression.rule)
      default:
        return expression
    }
  }

  #ruleWithoutEmpty(rule: number): Expression {
    const known = this.#nonEmpty.get(rule)
    if (known) return known
    const copy = this.#rules.length
    const reference: Expression = { kind: 'rule', rule: copy }
    this.#nonEmpty.set(rule, reference)
    const { name, body } = this.#rules[rule] ?? { name: '', body: choice() }
    this.#rules.push({ name, body: choice() })
    this.#rules[copy] = { name, body: this.#withoutEmpty(body) }
    return reference
  }
}
