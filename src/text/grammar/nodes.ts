// What a grammar is compiled to: the nodes of its rules, and what they need of a vocabulary.

/**
 * A node of a rule, with the nodes that follow it.
 * - `end`: the rule is complete
 * - `bytes`: one byte with a 1 in `set`; `only` is the byte if there is one, else -1
 * - `tokens`: one token
 * - `call`: a rule, given by its first node
 * - `loop`: `body` between `min` and `max` times; the body ends like a rule
 */
export type Node =
  | { readonly kind: 'end' }
  | { readonly kind: 'bytes'; readonly set: Uint8Array; readonly only: number; readonly next: number }
  | { readonly kind: 'tokens'; readonly ids: ReadonlySet<number>; readonly isNegated: boolean; next: number }
  | { readonly kind: 'split'; next: readonly number[] }
  | { readonly kind: 'call'; readonly rule: number; readonly next: number }
  | {
      readonly kind: 'loop'
      readonly body: number
      readonly min: number
      readonly max: number
      readonly next: number
    }

export interface Program {
  readonly nodes: readonly Node[]
  /** First node of each rule. */
  readonly starts: readonly number[]
  readonly root: number
  /** Of each node: the fewest tokens to the end of its rule; infinite where there is no end. */
  readonly costs: Float64Array
}

/** What the vocabulary offers. */
export interface Terminals {
  /** A 1 for each byte that has a token of its own. */
  readonly bytes: Uint8Array
  hasToken(id: number): boolean
}

/** The node `end`. */
export const END = 0

/** The rounds of a loop, or another number with the same outlook for `reach` more; 0 for no loop. */
export function roundsWithin(node: Node | undefined, rounds: number, reach: number): number {
  if (rounds === 0 || node?.kind !== 'loop') return rounds
  if (rounds < node.min) return Math.max(rounds, node.min - reach - 1)
  return node.max === Number.POSITIVE_INFINITY ? rounds : Math.max(rounds, node.max - reach - 1)
}
