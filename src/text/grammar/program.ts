// Compiles a grammar to the nodes of a pushdown automaton.
import { HadalError } from '../../lib/error.ts'
import { withoutEmptyRounds } from './empty-texts.ts'
import { type Expression, type Grammar, NOTHING, tooLarge } from './grammar.ts'
import { fewestTokens } from './node-costs.ts'
import { END, type Node, type Program, type Terminals } from './nodes.ts'

const MAX_NODES = 400_000

/**
 * @throws HadalError bad_request, where a rule begins with itself, the grammar is too large, or the terminals
 * write nothing that it generates
 */
export function compileGrammar(grammar: Grammar, terminals: Terminals): Program {
  const { rules, root } = withoutEmptyRounds(grammar)
  const compiler = new Compiler()
  const starts = rules.map(({ body }) => compiler.build(body, END))
  const { nodes } = compiler
  const costs = fewestTokens({ nodes, starts }, terminals)
  if (costs[starts[root] ?? END] === Number.POSITIVE_INFINITY)
    throw new HadalError('bad_request', 'No answer of this model can follow the grammar or schema.', {
      hint: 'Look for requirements that contradict each other, and for parts that require themselves.',
    })
  return { nodes, starts, root, costs }
}

const utf8 = new TextEncoder()

/** Builds from right to left: each expression is given the node that follows it. */
class Compiler {
  readonly nodes: Node[] = [{ kind: 'end' }]
  readonly #sets = new Map<string, { readonly set: Uint8Array; readonly only: number }>()

  build(expression: Expression, next: number): number {
    switch (expression.kind) {
      case 'bytes':
        return this.#add({ kind: 'bytes', ...this.#setOf(expression.ranges), next })
      case 'tokens': {
        const { ids, isNegated } = expression
        return this.#add({ kind: 'tokens', ids: new Set(ids), isNegated, next })
      }
      case 'words':
        return this.#buildWords(expression.words, next)
      case 'sequence':
        return expression.parts.reduceRight((after, part) => this.build(part, after), next)
      case 'choice':
        return this.#add({
          kind: 'split',
          next: expression.options.map((option) => this.build(option, next)),
        })
      case 'repeat':
        return this.#buildRepeat(expression, next)
      case 'rule':
        return this.#add({ kind: 'call', rule: expression.rule, next })
    }
  }

  #add(node: Node): number {
    if (this.nodes.length >= MAX_NODES) throw tooLarge('is too large')
    return this.nodes.push(node) - 1
  }

  #buildRepeat({ body, min, max }: Extract<Expression, { kind: 'repeat' }>, next: number): number {
    if (max < min) return this.build(NOTHING, next)
    if (max === 0) return next
    if (max === 1) {
      const once = this.build(body, next)
      return min === 1 ? once : this.#add({ kind: 'split', next: [once, next] })
    }
    if (max === Number.POSITIVE_INFINITY && min <= 1) {
      const again: Node = { kind: 'split', next: [] }
      const at = this.#add(again)
      const start = this.build(body, at)
      again.next = [start, next]
      return min === 1 ? start : at
    }
    return this.#add({ kind: 'loop', body: this.build(body, END), min, max, next })
  }

  /** A tree of the texts, so that one with a common beginning is read once for all. */
  #buildWords(texts: readonly string[], next: number): number {
    const forks: { readonly node: number; readonly children: Map<number, number>; isWord: boolean }[] = []
    const addFork = () => {
      const node = this.#add({ kind: 'split', next: [] })
      return forks.push({ node, children: new Map(), isWord: false }) - 1
    }
    const root = addFork()
    for (const text of texts) {
      let at = root
      for (const byte of utf8.encode(text)) {
        const fork = forks[at]
        at = fork?.children.get(byte) ?? addFork()
        fork?.children.set(byte, at)
      }
      const last = forks[at]
      if (last) last.isWord = true
    }
    for (const { node, children, isWord } of forks) {
      const targets = [...children].map(([byte, at]) =>
        this.#add({ kind: 'bytes', ...this.#setOf([[byte, byte]]), next: forks[at]?.node ?? END }),
      )
      this.nodes[node] = { kind: 'split', next: isWord ? [...targets, next] : targets }
    }
    return forks[root]?.node ?? END
  }

  #setOf(ranges: readonly (readonly [number, number])[]) {
    const key = ranges.join(' ')
    const known = this.#sets.get(key)
    if (known) return known
    const set = new Uint8Array(256)
    for (const [first, last] of ranges) set.fill(1, first, last + 1)
    const found = { set, only: set.reduce((sum, bit) => sum + bit, 0) === 1 ? set.indexOf(1) : -1 }
    this.#sets.set(key, found)
    return found
  }
}
