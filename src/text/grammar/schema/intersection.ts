// The strings that several patterns match: a product of their automata, written as rules.
import { Automaton, DEAD } from '../automaton.ts'
import { bytes, EMPTY, type Expression, GrammarBuilder, type Range, sequence } from '../grammar.ts'
import type { Program } from '../nodes.ts'
import { compileGrammar } from '../program.ts'

const MAX_STATES = 10_000

/**
 * What all of the contents generate; undefined if that takes too many rules.
 * @param contents expressions without references to rules
 */
export function intersection(
  builder: GrammarBuilder,
  contents: readonly Expression[],
): Expression | undefined {
  const programs = contents.map(compileContent)
  const automata = programs.map((program) => new Automaton(program))
  const classes = byteClasses(programs)
  const rules = new Map<string, number>()
  const left: { readonly states: readonly number[]; readonly rule: number }[] = []
  const ruleOf = (states: readonly number[]): number => {
    const key = states.join()
    const known = rules.get(key)
    if (known !== undefined) return known
    const rule = builder.declare('characters')
    rules.set(key, rule)
    left.push({ states, rule })
    return rule
  }
  const root = ruleOf(automata.map(({ start }) => start))
  for (let item = left.pop(); item !== undefined; item = left.pop()) {
    if (rules.size > MAX_STATES || automata.some(({ isFull }) => isFull)) return undefined
    const { states, rule } = item
    const options: Expression[] = []
    for (const { first, ranges } of classes) {
      const next = automata.map((automaton, at) => automaton.next(states[at] ?? DEAD, first))
      if (!next.includes(DEAD)) options.push(sequence(bytes(...ranges), { kind: 'rule', rule: ruleOf(next) }))
    }
    const mayEnd = automata.every((automaton, at) => automaton.isAccepting(states[at] ?? DEAD))
    builder.define(rule, { kind: 'choice', options: mayEnd ? [EMPTY, ...options] : options })
  }
  return { kind: 'rule', rule: root }
}

function compileContent(content: Expression): Program {
  const builder = new GrammarBuilder()
  const root = builder.declare('content')
  builder.define(root, content)
  return compileGrammar(builder.finish(root), { bytes: new Uint8Array(256).fill(1), hasToken: () => false })
}

interface ByteClass {
  readonly first: number
  readonly ranges: Range[]
}

/** Bytes that no node tells apart. */
function byteClasses(programs: readonly Program[]): readonly ByteClass[] {
  const nodes = programs.flatMap((program) => program.nodes)
  const sets = [...new Set(nodes.flatMap((node) => (node.kind === 'bytes' ? [node.set] : [])))]
  const classes = new Map<string, ByteClass>()
  for (let byte = 0; byte < 256; byte++) {
    const key = sets.map((set) => set[byte]).join('')
    const known = classes.get(key) ?? { first: byte, ranges: [] }
    classes.set(key, known)
    known.ranges.push([byte, byte])
  }
  return [...classes.values()]
}
