// Computes, for each node of a grammar's program, the fewest tokens to the end of its rule.
import type { Node, Program, Terminals } from './nodes.ts'

/**
 * Knuth's generalisation of Dijkstra's algorithm: nodes become final in the order of their costs, so that
 * each edge is looked at once. A byte counts as a token; bytes without one of their own count as unreachable.
 */
export function fewestTokens(
  { nodes, starts }: Pick<Program, 'nodes' | 'starts'>,
  terminals: Terminals,
): Float64Array {
  const costs = new Float64Array(nodes.length).fill(Number.POSITIVE_INFINITY)
  const isFinal = new Uint8Array(nodes.length)
  const users = usersOf(nodes, starts)
  const queue = new Queue()
  queue.push(0, 0) // the end
  for (let item = queue.pop(); item !== undefined; item = queue.pop()) {
    const { node, cost } = item
    if (isFinal[node] === 1) continue
    isFinal[node] = 1
    costs[node] = cost
    for (const user of users[node] ?? []) {
      if (isFinal[user] === 1) continue
      // Of the nodes after a split, the first that becomes final has the least cost.
      const found = nodes[user]?.kind === 'split' ? cost : costOf(nodes[user], costs, starts, terminals)
      if (found < Number.POSITIVE_INFINITY) queue.push(user, found)
    }
  }
  return costs
}

function costOf(
  node: Node | undefined,
  costs: Float64Array,
  starts: readonly number[],
  terminals: Terminals,
): number {
  const at = (index: number) => costs[index] ?? Number.POSITIVE_INFINITY
  switch (node?.kind) {
    case 'bytes':
      return terminals.bytes.some((has, byte) => has === 1 && node.set[byte] === 1)
        ? 1 + at(node.next)
        : Number.POSITIVE_INFINITY
    case 'tokens':
      return node.isNegated || [...node.ids].some((id) => terminals.hasToken(id))
        ? 1 + at(node.next)
        : Number.POSITIVE_INFINITY
    case 'call':
      return at(starts[node.rule] ?? -1) + at(node.next)
    case 'loop':
      return (node.min === 0 ? 0 : node.min * at(node.body)) + at(node.next)
    default:
      return Number.POSITIVE_INFINITY
  }
}

/** The nodes whose costs depend on each node. */
function usersOf(nodes: readonly Node[], starts: readonly number[]): readonly (readonly number[])[] {
  const users: number[][] = nodes.map(() => [])
  for (const [at, node] of nodes.entries()) {
    const uses =
      node.kind === 'end'
        ? []
        : node.kind === 'split'
          ? node.next
          : node.kind === 'call'
            ? [starts[node.rule] ?? 0, node.next]
            : node.kind === 'loop'
              ? [node.body, node.next]
              : [node.next]
    for (const used of uses) users[used]?.push(at)
  }
  return users
}

/** A binary heap of nodes, the one with the least cost first. */
class Queue {
  readonly #items: { readonly node: number; readonly cost: number }[] = []

  push(node: number, cost: number): void {
    const items = this.#items
    let at = items.push({ node, cost }) - 1
    while (at > 0) {
      const parent = (at - 1) >> 1
      if (this.#cost(parent) <= cost) break
      this.#swap(at, parent)
      at = parent
    }
  }

  pop(): { readonly node: number; readonly cost: number } | undefined {
    const items = this.#items
    if (items.length > 1) this.#swap(0, items.length - 1)
    const least = items.pop()
    for (let at = 0; ; ) {
      const child = this.#cost(2 * at + 2) < this.#cost(2 * at + 1) ? 2 * at + 2 : 2 * at + 1
      if (this.#cost(child) >= this.#cost(at)) return least
      this.#swap(at, child)
      at = child
    }
  }

  #cost(at: number): number {
    return this.#items[at]?.cost ?? Number.POSITIVE_INFINITY
  }

  #swap(a: number, b: number): void {
    const [first, second] = [this.#items[a], this.#items[b]]
    if (first && second) {
      this.#items[a] = second
      this.#items[b] = first
    }
  }
}
