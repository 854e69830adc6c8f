// Describes a grammar as data: rules over bytes and control tokens, collected by a builder that limits them.
import { HadalError } from '../../lib/error.ts'

/** First and last value, both included. */
export type Range = readonly [first: number, last: number]

/**
 * What a rule may generate.
 * - `bytes`: one byte of these ranges
 * - `tokens`: one token of these ids; any other one if negated
 * - `words`: one of these texts, in UTF-8
 * - `repeat`: `max` may be infinite
 */
export type Expression =
  | { readonly kind: 'bytes'; readonly ranges: readonly Range[] }
  | { readonly kind: 'tokens'; readonly ids: readonly number[]; readonly isNegated: boolean }
  | { readonly kind: 'words'; readonly words: readonly string[] }
  | { readonly kind: 'sequence'; readonly parts: readonly Expression[] }
  | { readonly kind: 'choice'; readonly options: readonly Expression[] }
  | { readonly kind: 'repeat'; readonly body: Expression; readonly min: number; readonly max: number }
  | { readonly kind: 'rule'; readonly rule: number }

export interface Rule {
  readonly name: string
  readonly body: Expression
}

export interface Grammar {
  readonly rules: readonly Rule[]
  /** The rule of the whole text. */
  readonly root: number
}

const MAX_RULES = 50_000

export const bytes = (...ranges: readonly Range[]): Expression => ({ kind: 'bytes', ranges })
export const token = (...ids: readonly number[]): Expression => ({ kind: 'tokens', ids, isNegated: false })
export const words = (...texts: readonly string[]): Expression => ({ kind: 'words', words: texts })
export const sequence = (...parts: readonly Expression[]): Expression => ({ kind: 'sequence', parts })
export const choice = (...options: readonly Expression[]): Expression => ({ kind: 'choice', options })
export const repeat = (body: Expression, min = 0, max = Number.POSITIVE_INFINITY): Expression => ({
  kind: 'repeat',
  body,
  min,
  max,
})
export const optional = (body: Expression): Expression => repeat(body, 0, 1)
/** Generates the empty text. */
export const EMPTY: Expression = sequence()
/** Generates nothing at all: what needs it is left out. */
export const NOTHING: Expression = choice()

/** Collects the rules of a grammar. */
export class GrammarBuilder {
  readonly #names: string[] = []
  readonly #bodies: (Expression | undefined)[] = []

  /** Reserves a rule, so that others may refer to it before it is defined. */
  declare(name: string): number {
    if (this.#names.length >= MAX_RULES) throw tooLarge(`has more than ${MAX_RULES} rules`)
    return this.#names.push(name) - 1
  }

  define(rule: number, body: Expression): void {
    this.#bodies[rule] = body
  }

  /** A reference to a new rule. */
  rule(name: string, body: Expression): Expression {
    const rule = this.declare(name)
    this.define(rule, body)
    return { kind: 'rule', rule }
  }

  isDefined(rule: number): boolean {
    return this.#bodies[rule] !== undefined
  }

  finish(root: number): Grammar {
    const rules = this.#names.map((name, at) => ({ name, body: this.#bodies[at] ?? NOTHING }))
    return { rules, root }
  }
}

/** The error for a grammar that asks for too much. */
export const tooLarge = (problem: string): HadalError =>
  new HadalError('bad_request', `The grammar of the answer ${problem}.`, {
    hint: 'Use fewer alternatives, properties and repeats.',
  })
