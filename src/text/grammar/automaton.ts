// Runs a grammar over bytes: a pushdown automaton as sets of stacks, made deterministic where a text leads.
import { expectDefined } from '../../lib/error.ts'
import { tooLarge } from './grammar.ts'
import { END, type Node, type Program, roundsWithin } from './nodes.ts'
import { BOTTOM, HOLE, resized, Stacks } from './stacks.ts'

/** The state of a text that the grammar does not begin like. */
export const DEAD = 0
const UNKNOWN = -1
const ROW = 256
/** Above these, the automaton asks to be renewed. */
const MANY_STATES = 4096
const MANY_STACKS = 200_000
const MANY_MEMBERS = 1_000_000 // stacks of all states together
/** A state may have that many stacks, and one step may lead to that many states. */
const MAX_STACKS = 4096
const MAX_STATES = 65_536
/** Stacks that one step may look at, which takes about a second. */
const MAX_WORK = 4_000_000

/** States are numbers, valid for this automaton. */
export class Automaton {
  readonly #nodes: readonly Node[]
  readonly #starts: readonly number[]
  readonly #costs: Float64Array
  readonly #tops = new Map<number, readonly number[]>() // what a split leads to
  readonly #stacks: Stacks
  readonly #states: (readonly number[])[] = [[]]
  readonly #byKey = new Map<string, number>([['', DEAD]])
  readonly #seen = new Set<number>() // stacks of the state that is being built
  #members = 0
  #work = 0
  /** Where each byte leads from each state, 256 numbers a state: -1 if that was never asked. */
  table = new Int32Array(64 * ROW).fill(UNKNOWN)
  /** Of each state: the fewest tokens to the end of the text. */
  costs = new Float64Array(64).fill(Number.POSITIVE_INFINITY)
  /** Of each state: 1 if what lies below a part of a stack comes next. */
  exposed = new Uint8Array(64)
  readonly start: number

  constructor(program: Program) {
    this.#nodes = program.nodes
    this.#starts = program.starts
    this.#costs = program.costs
    this.table.fill(DEAD, 0, ROW)
    this.#stacks = new Stacks((node, rounds) => this.#costOf(node, rounds))
    this.start = this.#stateAfter((found) =>
      this.#expand(this.#starts[program.root] ?? END, 0, BOTTOM, found),
    )
  }

  /** Whether so much was kept that a new automaton should take over. */
  get isFull(): boolean {
    return (
      this.#states.length > MANY_STATES || this.#stacks.size > MANY_STACKS || this.#members > MANY_MEMBERS
    )
  }

  /** Begins a step: each may do a limited amount of work. */
  beginStep(): void {
    this.#work = 0
  }

  /** The state of another automaton of the same program. */
  adopt(state: number, from: Automaton): number {
    return this.#intern(from.#stacksOf(state).map((stack) => this.#copy(stack, from.#stacks)))
  }

  next(state: number, byte: number): number {
    const known = this.table[state * ROW + byte] ?? DEAD
    if (known !== UNKNOWN) return known
    const stacks = this.#stacksOf(state)
    this.#count(stacks.length)
    const next = this.#stateAfter((found) => {
      for (const stack of stacks) {
        const node = this.#topOf(stack)
        if (node?.kind === 'bytes' && node.set[byte] === 1)
          this.#expand(node.next, 0, this.#stacks.below(stack), found)
      }
    })
    this.table[state * ROW + byte] = next
    return next
  }

  /** Where a token leads that the grammar names by its id. */
  nextToken(state: number, id: number): number {
    return this.#stateAfter((found) => {
      for (const stack of this.#stacksOf(state)) {
        const node = this.#topOf(stack)
        if (node?.kind === 'tokens' && node.ids.has(id) !== node.isNegated)
          this.#expand(node.next, 0, this.#stacks.below(stack), found)
      }
    })
  }

  /** The state of either. */
  merge(a: number, b: number): number {
    if (a === DEAD || a === b) return b
    return b === DEAD ? a : this.#intern([...this.#stacksOf(a), ...this.#stacksOf(b)])
  }

  isAccepting(state: number): boolean {
    return this.#stacksOf(state).includes(BOTTOM)
  }

  /** Whether anything but the end may follow. */
  canContinue(state: number): boolean {
    return this.#stacksOf(state).some((stack) => stack > HOLE)
  }

  /** The only byte that may follow, -1 if there are several or the text may end. */
  forcedByte(state: number): number {
    return this.#forced(state, (node) => (node.kind === 'bytes' ? node.only : -1))
  }

  /** The only token that may follow, -1 if there are several or bytes. */
  forcedToken(state: number): number {
    return this.#forced(state, (node) => {
      if (node.kind !== 'tokens' || node.isNegated || node.ids.size !== 1) return -1
      const [id = -1] = node.ids
      return id
    })
  }

  #forced(state: number, terminalOf: (node: Node) => number): number {
    let forced = -1
    for (const stack of this.#stacksOf(state)) {
      const node = this.#topOf(stack)
      const terminal = node === undefined ? -1 : terminalOf(node)
      if (terminal < 0 || (forced >= 0 && forced !== terminal)) return -1
      forced = terminal
    }
    return forced
  }

  /** The sets of tokens that may follow, each with what the text needs after one of them. */
  tokensAt(state: number): { ids: ReadonlySet<number>; isNegated: boolean; cost: number }[] {
    return this.#stacksOf(state).flatMap((stack) => {
      const node = this.#topOf(stack)
      return node?.kind === 'tokens'
        ? [{ ids: node.ids, isNegated: node.isNegated, cost: this.#stacks.cost(stack) - 1 }]
        : []
    })
  }

  /**
   * The parts of a state that are within one call of a rule: states over a hole, each with the state of what
   * lies below. Counts that a token of `reach` bytes cannot bring to their limits are made equal; `extra` is
   * the most tokens that a part needs beyond what its state says.
   */
  parts(state: number, reach: number): { upper: number; lower: number; extra: number }[] {
    const byLower = new Map<number, { uppers: number[]; extra: number }>()
    for (const stack of this.#stacksOf(state)) {
      const { upper, lower, extra } = this.#cut(stack, reach)
      const part = byLower.get(lower) ?? { uppers: [], extra: 0 }
      part.uppers.push(upper)
      part.extra = Math.max(part.extra, extra)
      byLower.set(lower, part)
    }
    return [...byLower].map(([lower, { uppers, extra }]) => ({
      upper: this.#intern(uppers),
      lower: this.#stateAfter((found) => this.#return(lower, found)),
      extra,
    }))
  }

  #stacksOf(state: number): readonly number[] {
    return expectDefined(this.#states[state], 'a state of the grammar')
  }

  #topOf(stack: number): Node | undefined {
    return stack > HOLE ? this.#nodes[this.#stacks.node(stack)] : undefined
  }

  #costOf(at: number, rounds: number): number {
    const node = this.#nodes[at]
    if (rounds === 0 || node?.kind !== 'loop') return this.#costs[at] ?? Number.POSITIVE_INFINITY
    const left = Math.max(0, node.min - rounds)
    return (left === 0 ? 0 : left * (this.#costs[node.body] ?? 0)) + (this.#costs[node.next] ?? 0)
  }

  #count(stacks: number): void {
    this.#work += stacks
    if (this.#work > MAX_WORK) throw tooLarge('takes too long to follow')
  }

  #stateAfter(collect: (found: number[]) => void): number {
    const found: number[] = []
    this.#seen.clear()
    collect(found)
    return this.#intern(found)
  }

  #intern(found: readonly number[]): number {
    const stacks = [...new Set(found)].sort((a, b) => a - b)
    const key = stacks.join()
    const known = this.#byKey.get(key)
    if (known !== undefined) return known
    const state = this.#states.push(stacks) - 1
    this.#members += stacks.length
    if (state >= MAX_STATES) throw tooLarge('has too many states')
    this.#byKey.set(key, state)
    if (state === this.costs.length) {
      this.costs = resized(this.costs, new Float64Array(2 * state))
      this.exposed = resized(this.exposed, new Uint8Array(2 * state))
      this.table = resized(this.table, new Int32Array(2 * state * ROW).fill(UNKNOWN))
    }
    this.exposed[state] = stacks.includes(HOLE) ? 1 : 0
    this.costs[state] = Math.min(...stacks.map((stack) => this.#stacks.cost(stack)))
    return state
  }

  /** Collects the stacks that a node leads to without reading anything. */
  #expand(from: number, rounds: number, below: number, found: number[]): void {
    const left: (readonly [number, number, number])[] = [[from, rounds, below]]
    const stacks = this.#stacks
    for (let item = left.pop(); item !== undefined; item = left.pop()) {
      const [at, done, under] = item
      const node = this.#nodes[at]
      if (node === undefined || this.#costs[at] === Number.POSITIVE_INFINITY) continue
      if (node.kind === 'end') {
        if (under <= HOLE) found.push(under)
        else left.push([stacks.node(under), stacks.rounds(under), stacks.below(under)])
        continue
      }
      if (node.kind === 'split') {
        for (const top of this.#topsOf(at)) left.push([top, 0, under])
        continue
      }
      const stack = stacks.push(at, done, under)
      if (this.#seen.has(stack)) continue
      this.#count(1)
      if (this.#seen.size >= MAX_STACKS) throw tooLarge('can be read in too many ways at once')
      this.#seen.add(stack)
      if (node.kind === 'call') {
        const start = this.#starts[node.rule] ?? END
        // A call that ends its rule returns to where the rule does.
        left.push([start, 0, node.next === END ? under : stacks.push(node.next, 0, under)])
      } else if (node.kind === 'loop') {
        if (done >= node.min) left.push([node.next, 0, under])
        const round = node.max === Number.POSITIVE_INFINITY ? Math.min(done + 1, node.min) : done + 1
        if (done < node.max) left.push([node.body, 0, stacks.push(at, round, under)])
      } else found.push(stack)
    }
  }

  /** Collects the stacks after the part above `stack` is complete. */
  #return(stack: number, found: number[]): void {
    const stacks = this.#stacks
    if (stack <= HOLE) found.push(stack)
    else this.#expand(stacks.node(stack), stacks.rounds(stack), stacks.below(stack), found)
  }

  #topsOf(split: number): readonly number[] {
    const known = this.#tops.get(split)
    if (known) return known
    const tops = new Set<number>()
    const seen = new Set([split])
    for (const at of seen) {
      const node = this.#nodes[at]
      for (const next of node?.kind === 'split' ? node.next : [])
        if (this.#nodes[next]?.kind === 'split') seen.add(next)
        else tops.add(next)
    }
    const list = [...tops]
    this.#tops.set(split, list)
    return list
  }

  #cut(stack: number, reach: number): { upper: number; lower: number; extra: number } {
    const stacks = this.#stacks
    if (stack <= HOLE) return { upper: HOLE, lower: stack, extra: 0 }
    const frames = [stack]
    let lower = stacks.below(stack)
    for (; lower > HOLE && stacks.rounds(lower) > 0; lower = stacks.below(lower)) frames.push(lower)
    const upper = frames.reduceRight((below, frame) => {
      const node = stacks.node(frame)
      return stacks.push(node, roundsWithin(this.#nodes[node], stacks.rounds(frame), reach), below)
    }, HOLE)
    return { upper, lower, extra: stacks.cost(stack) - stacks.cost(lower) - stacks.cost(upper) }
  }

  #copy(stack: number, from: Stacks): number {
    const frames: number[] = []
    let at = stack
    for (; at > HOLE; at = from.below(at)) frames.push(at)
    return frames.reduceRight(
      (below, frame) => this.#stacks.push(from.node(frame), from.rounds(frame), below),
      at,
    )
  }
}
