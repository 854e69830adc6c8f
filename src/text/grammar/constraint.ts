// Holds an answer to a grammar: which tokens may come next, which must, and whether it may end.
import { assert } from '../../lib/error.ts'
import type { TextTokenizer } from '../tokenizer.ts'
import { Automaton, DEAD } from './automaton.ts'
import { forcedIds } from './forced.ts'
import type { Grammar } from './grammar.ts'
import { Masks } from './masks.ts'
import type { Program } from './nodes.ts'
import { compileGrammar } from './program.ts'
import { hasBit, setBit, type TokenTries, tokenTries } from './token-trie.ts'

/** An answer that is being written. */
export interface Constraint {
  /**
   * The ids that may come next: bit id % 32 of word id / 32. An answer that can still end within the budget
   * always does; where it cannot, the budget is ignored. Ids that end the answer are set only where it may
   * end. The array is kept: do not change it.
   * @param budget tokens left, this one included
   * @throws HadalError bad_request, if the grammar has become too ambiguous
   */
  mask(budget: number): Uint32Array
  /** The ids that must come next, as the tokenizer writes them; none where there is a choice. */
  forced(budget: number): readonly number[]
  /**
   * Takes the next id, one of those that the mask allows.
   * @throws HadalError as `mask`
   */
  accept(id: number): void
  /**
   * Takes a text that is there already, such as a beginning in the prompt. Returns false, and takes nothing,
   * if the grammar does not go on like this.
   */
  take(bytes: Iterable<number>): boolean
  /** So many tokens are enough to end the answer. */
  readonly fewestTokens: number
  /** Whether the answer may end here. */
  readonly isComplete: boolean
  /** Whether nothing but the end may follow. */
  readonly isFinished: boolean
}

export interface ConstraintContext {
  readonly tokenizer: TextTokenizer
  /** Rows of the model's embedding. */
  readonly vocab: number
  /** Tokens that end the answer. */
  readonly endIds: readonly number[]
}

/**
 * Opens a constraint for one answer. What is computed for a grammar is kept with it.
 * @throws HadalError bad_request, where the grammar is too large, begins a rule with itself, or generates
 * nothing that the tokens of the model can write
 */
export function openConstraint(grammar: Grammar, context: ConstraintContext): Constraint {
  return new GrammarConstraint(matcherOf(grammar, context))
}

/** An automaton with its masks. Both are replaced together when they have become large. */
interface Cache {
  readonly automaton: Automaton
  readonly masks: Masks
}

class Matcher {
  readonly tokenizer: TextTokenizer
  readonly tries: TokenTries
  readonly #program: Program
  readonly #ends: Uint32Array
  #cache: Cache

  constructor(grammar: Grammar, { tokenizer, vocab, endIds }: ConstraintContext) {
    this.tokenizer = tokenizer
    this.tries = tokenTries(tokenizer, vocab)
    this.#ends = new Uint32Array(Math.ceil(vocab / 32))
    for (const id of endIds) if (id < vocab) setBit(this.#ends, id)
    const { known, single } = this.tries
    this.#program = compileGrammar(grammar, { bytes: single, hasToken: (id) => hasBit(known, id) })
    this.#cache = this.#newCache()
  }

  /** What is kept at present. */
  cache(): Cache {
    if (this.#cache.automaton.isFull) this.#cache = this.#newCache()
    return this.#cache
  }

  isEnd(id: number): boolean {
    return hasBit(this.#ends, id)
  }

  #newCache(): Cache {
    const automaton = new Automaton(this.#program)
    return { automaton, masks: new Masks(automaton, this.tries, this.#ends) }
  }
}

const matchers = new WeakMap<Grammar, { readonly context: ConstraintContext; readonly matcher: Matcher }[]>()

function matcherOf(grammar: Grammar, context: ConstraintContext): Matcher {
  const kept = matchers.get(grammar) ?? []
  matchers.set(grammar, kept)
  const found = kept.find(
    ({ context: { tokenizer, vocab, endIds } }) =>
      tokenizer === context.tokenizer && vocab === context.vocab && endIds.join() === context.endIds.join(),
  )
  if (found) return found.matcher
  const matcher = new Matcher(grammar, context)
  kept.push({ context, matcher })
  return matcher
}

class GrammarConstraint implements Constraint {
  readonly #matcher: Matcher
  #cache: Cache
  #state: number
  #isEnded = false

  constructor(matcher: Matcher) {
    this.#matcher = matcher
    this.#cache = matcher.cache()
    this.#state = this.#cache.automaton.start
  }

  mask(budget: number): Uint32Array {
    const { automaton, masks } = this.#cache
    automaton.beginStep()
    const { bits, need } = masks.of(this.#state)
    const canEnd = (automaton.costs[this.#state] ?? 0) <= budget
    return need < budget || !canEnd ? bits : masks.within(this.#state, budget - 1)
  }

  forced(budget: number): readonly number[] {
    const { tokenizer, tries } = this.#matcher
    return forcedIds({ ...this.#cache, tokenizer, tries }, this.#state).slice(0, budget)
  }

  accept(id: number): void {
    if (this.isComplete && this.#matcher.isEnd(id)) {
      this.#isEnded = true
      return
    }
    this.#renew()
    const { automaton } = this.#cache
    automaton.beginStep()
    let state = DEAD
    if (hasBit(this.#matcher.tries.ordinary, id)) {
      state = this.#state
      for (const byte of this.#matcher.tokenizer.bytesOf(id)) state = automaton.next(state, byte)
    }
    state = automaton.merge(state, automaton.nextToken(this.#state, id))
    assert(state !== DEAD && !this.#isEnded, `the token ${id} does not follow the grammar`)
    this.#state = state
  }

  take(bytes: Iterable<number>): boolean {
    this.#renew()
    const { automaton } = this.#cache
    automaton.beginStep()
    let state = this.#state
    for (const byte of bytes) state = automaton.next(state, byte)
    if (state !== DEAD) this.#state = state
    return state !== DEAD
  }

  get fewestTokens(): number {
    return this.#isEnded ? 0 : (this.#cache.automaton.costs[this.#state] ?? 0)
  }

  get isComplete(): boolean {
    return this.#isEnded || this.#cache.automaton.isAccepting(this.#state)
  }

  get isFinished(): boolean {
    return this.#isEnded || (this.isComplete && !this.#cache.automaton.canContinue(this.#state))
  }

  /** Follows when the matcher has begun a new automaton. */
  #renew(): void {
    const cache = this.#matcher.cache()
    if (cache === this.#cache) return
    this.#state = cache.automaton.adopt(this.#state, this.#cache.automaton)
    this.#cache = cache
  }
}
