// Interned stacks of a pushdown automaton: equal stacks have equal numbers, and share what lies below.

/** The stack of a text that may end here. */
export const BOTTOM = 0
/** Stands for whatever may lie below a part of a stack. */
export const HOLE = 1

/**
 * A stack is a node, a number of rounds, and the stack below it. The top is the node to be read next; below
 * lie the nodes to return to. `rounds` is 0 except for a loop that one of its rounds returns to.
 */
export class Stacks {
  #nodes = new Int32Array(1024)
  #rounds = new Int32Array(1024)
  #below = new Int32Array(1024)
  #costs = new Float64Array(1024)
  #table = new Int32Array(4096).fill(-1)
  #size = 2
  readonly #costOf: (node: number, rounds: number) => number

  /** @param costOf the fewest tokens from a node to the end of its rule */
  constructor(costOf: (node: number, rounds: number) => number) {
    this.#costOf = costOf
  }

  get size(): number {
    return this.#size
  }

  node(stack: number): number {
    return this.#nodes[stack] ?? 0
  }

  rounds(stack: number): number {
    return this.#rounds[stack] ?? 0
  }

  below(stack: number): number {
    return this.#below[stack] ?? BOTTOM
  }

  /** The fewest tokens until the stack is empty. */
  cost(stack: number): number {
    return this.#costs[stack] ?? 0
  }

  /** The number of a stack. */
  push(node: number, rounds: number, below: number): number {
    let place = this.#place(node, rounds, below)
    for (let found = this.#table[place] ?? -1; found >= 0; found = this.#table[place] ?? -1) {
      if (this.#nodes[found] === node && this.#rounds[found] === rounds && this.#below[found] === below)
        return found
      place = (place + 1) & (this.#table.length - 1)
    }
    if (this.#size === this.#nodes.length) this.#grow()
    const stack = this.#size++
    this.#nodes[stack] = node
    this.#rounds[stack] = rounds
    this.#below[stack] = below
    this.#costs[stack] = this.#costOf(node, rounds) + this.cost(below)
    this.#insert(stack)
    return stack
  }

  #place(node: number, rounds: number, below: number): number {
    let hash = Math.imul(node, 0x9e3779b1) ^ Math.imul(rounds, 0x85ebca6b) ^ Math.imul(below, 0xc2b2ae35)
    hash = Math.imul(hash ^ (hash >>> 15), 0x27d4eb2f)
    return (hash ^ (hash >>> 13)) & (this.#table.length - 1)
  }

  #insert(stack: number): void {
    let place = this.#place(this.node(stack), this.rounds(stack), this.below(stack))
    while ((this.#table[place] ?? -1) >= 0) place = (place + 1) & (this.#table.length - 1)
    this.#table[place] = stack
  }

  #grow(): void {
    const length = 2 * this.#nodes.length
    this.#nodes = resized(this.#nodes, new Int32Array(length))
    this.#rounds = resized(this.#rounds, new Int32Array(length))
    this.#below = resized(this.#below, new Int32Array(length))
    this.#costs = resized(this.#costs, new Float64Array(length))
    this.#table = new Int32Array(4 * length).fill(-1)
    for (let stack = 2; stack < this.#size; stack++) this.#insert(stack)
  }
}

/** A larger array with the numbers of a smaller one. */
export function resized<T extends Int32Array | Uint8Array | Float64Array>(from: T, to: T): T {
  to.set(from)
  return to
}
