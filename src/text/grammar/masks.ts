// Computes which tokens may follow a state of a grammar, and keeps what it found.
import type { Automaton } from './automaton.ts'
import { DEAD } from './automaton.ts'
import { hasBit, setBit, type TokenTrie, type TokenTries } from './token-trie.ts'

const MAX_KEPT_BYTES = 1 << 23

/** Tokens that may come next, a bit for each id. */
export interface TokenMask {
  readonly bits: Uint32Array
  /** At most so many tokens are needed to end the text after any of them. */
  readonly need: number
}

/** A walk over the tokens, and what it found. */
interface Walk extends TokenMask {
  readonly budget: number
  need: number
  /** Nodes of the tree where the part of the stack is complete. */
  readonly exits: number[]
}

/**
 * The masks of one automaton. Long walks happen once for each place within a rule: what comes after the rule
 * is only walked below the tokens that complete it.
 */
export class Masks {
  readonly #automaton: Automaton
  readonly #tries: TokenTries
  readonly #ends: Uint32Array
  readonly #byState = new Map<number, Walk>() // the longest unused first
  readonly #byPart = new Map<number, Walk>()
  readonly #path: Int32Array // states along the walk, by depth
  #keptBytes = 0

  /** @param ends a bit for each id that ends the text */
  constructor(automaton: Automaton, tries: TokenTries, ends: Uint32Array) {
    this.#automaton = automaton
    this.#tries = tries
    this.#ends = ends
    this.#path = new Int32Array(Math.max(tries.short.maxDepth, tries.long.maxDepth) + 1)
  }

  /** All tokens that may follow. */
  of(state: number): TokenMask {
    const known = this.#byState.get(state)
    if (known) {
      this.#byState.delete(state)
      this.#byState.set(state, known)
      return known
    }
    const mask = this.#compute(state)
    this.#byState.set(state, mask)
    this.#keep(mask)
    return mask
  }

  /** The tokens after which the text can end with `budget` more. */
  within(state: number, budget: number): Uint32Array {
    const walk = this.#newWalk(budget)
    this.#walk(this.#tries.short, state, -1, walk)
    this.#walk(this.#tries.long, state, -1, walk)
    this.#addOwn(state, walk)
    return walk.bits
  }

  /** Whether a token below a node of a tree goes on from a state. */
  goesOn(trie: TokenTrie, node: number, state: number): boolean {
    const walk = this.#newWalk()
    this.#walk(trie, state, node, walk)
    return walk.bits.some((word) => word !== 0)
  }

  #newWalk(budget = Number.POSITIVE_INFINITY): Walk {
    return { bits: new Uint32Array(this.#ends.length), budget, need: 0, exits: [] }
  }

  #compute(state: number): Walk {
    const { short, long } = this.#tries
    const walk = this.#newWalk()
    for (const { upper, lower, extra } of this.#automaton.parts(state, short.maxDepth)) {
      const part = this.#part(upper)
      for (let at = 0; at < walk.bits.length; at++)
        walk.bits[at] = (walk.bits[at] ?? 0) | (part.bits[at] ?? 0)
      const below = this.#automaton.costs[lower] ?? 0
      walk.need = Math.max(walk.need, part.need + extra + below)
      for (const node of part.exits) this.#walk(short, lower, node, walk)
    }
    this.#walk(long, state, -1, walk)
    this.#addOwn(state, walk)
    return walk
  }

  #part(upper: number): Walk {
    const known = this.#byPart.get(upper)
    if (known) return known
    const walk = this.#newWalk()
    this.#walk(this.#tries.short, upper, -1, walk)
    this.#byPart.set(upper, walk)
    this.#keep(walk)
    return walk
  }

  /** Adds the tokens that the grammar names, and the ends. */
  #addOwn(state: number, walk: Walk): void {
    for (const { ids, isNegated, cost } of this.#automaton.tokensAt(state)) {
      if (cost > walk.budget) continue
      walk.need = Math.max(walk.need, cost)
      if (isNegated) {
        for (const [at, word] of this.#tries.known.entries()) {
          const named = [...ids].reduce((bits, id) => (id >> 5 === at ? bits | (1 << (id & 31)) : bits), 0)
          walk.bits[at] = (walk.bits[at] ?? 0) | (word & ~named & ~(this.#ends[at] ?? 0))
        }
      } else for (const id of ids) if (hasBit(this.#tries.known, id)) setBit(walk.bits, id)
    }
    if (this.#automaton.isAccepting(state))
      for (const [at, word] of this.#ends.entries()) walk.bits[at] = (walk.bits[at] ?? 0) | word
  }

  /** Walks a tree below a node, from -1 the whole tree, and skips what the grammar refuses. */
  #walk(trie: TokenTrie, state: number, below: number, walk: Walk): void {
    const automaton = this.#automaton
    const path = this.#path
    const { byte, depth, end, ids, firstId, size } = trie
    const { bits, budget } = walk
    const last = below < 0 ? size : (end[below] ?? 0)
    path[below < 0 ? 0 : (depth[below] ?? 0)] = state
    let { table } = automaton
    for (let node = below + 1; node < last; ) {
      const at = depth[node] ?? 0
      const from = path[at - 1] ?? DEAD
      let next = table[(from << 8) | (byte[node] ?? 0)] ?? DEAD
      if (next < 0) {
        next = automaton.next(from, byte[node] ?? 0)
        table = automaton.table // it may have grown
      }
      if (next === DEAD) {
        node = end[node] ?? last
        continue
      }
      path[at] = next
      const stop = firstId[node + 1] ?? 0
      const first = firstId[node] ?? 0
      if (first < stop) {
        const cost = automaton.costs[next] ?? 0
        if (cost <= budget) {
          if (cost > walk.need) walk.need = cost
          for (let index = first; index < stop; index++) setBit(bits, ids[index] ?? 0)
        }
      }
      if ((end[node] ?? 0) > node + 1 && automaton.exposed[next] === 1) walk.exits.push(node)
      node++
    }
  }

  #keep(mask: Walk): void {
    this.#keptBytes += bytesOf(mask)
    for (const [state, old] of this.#byState) {
      if (this.#keptBytes <= MAX_KEPT_BYTES) return
      this.#byState.delete(state)
      this.#keptBytes -= bytesOf(old)
    }
    if (this.#keptBytes <= MAX_KEPT_BYTES) return
    this.#byPart.clear()
    this.#keptBytes = 0
  }
}

const bytesOf = ({ bits, exits }: Walk): number => bits.byteLength + 8 * exits.length
