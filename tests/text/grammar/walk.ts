// Writes answers under a grammar at random, and checks texts against one byte by byte.
import { Automaton, DEAD } from '../../../src/text/grammar/automaton.ts'
import { type Constraint, openConstraint } from '../../../src/text/grammar/constraint.ts'
import type { Grammar } from '../../../src/text/grammar/grammar.ts'
import { compileGrammar } from '../../../src/text/grammar/program.ts'
import { schemaGrammar } from '../../../src/text/grammar/schema/json-schema.ts'
import { stringText } from '../../../src/text/grammar/schema/string-schema.ts'
import type { TextTokenizer } from '../../../src/text/tokenizer.ts'
import { random } from '../fixtures.ts'

/** As the library's, but at once. */
export const jsonSchemaGrammar = (schema: unknown, path: string): Grammar =>
  schemaGrammar(schema, path, stringText)

export const VOCAB = 1536
export const END_ID = 1

export const compileBytes = (grammar: Grammar) =>
  compileGrammar(grammar, { bytes: new Uint8Array(256).fill(1), hasToken: () => true })

/** Tells which texts a grammar generates. */
export function acceptor(grammar: Grammar): (text: string) => boolean {
  const automaton = new Automaton(compileBytes(grammar))
  return (text) => {
    let state = automaton.start
    for (const byte of new TextEncoder().encode(text)) state = automaton.next(state, byte)
    return state !== DEAD && automaton.isAccepting(state)
  }
}

export function idsOf(mask: Uint32Array): number[] {
  const ids: number[] = []
  for (const [at, word] of mask.entries())
    for (let bit = 0; word >>> bit > 0 && bit < 32; bit++) if ((word >>> bit) & 1) ids.push(32 * at + bit)
  return ids
}

export interface Walk {
  readonly text: string
  readonly ids: readonly number[]
  /** Whether the answer may end where it does. */
  readonly isComplete: boolean
}

export interface WalkOptions {
  readonly tokenizer: TextTokenizer
  readonly seed: number
  readonly budget: number
  /** Chooses among the ids that may come next. Default: all are as likely. */
  readonly choose?: (ids: readonly number[], chance: () => number) => number | undefined
}

/** One answer of at most `budget` tokens. */
export function walk(grammar: Grammar, { tokenizer, seed, budget, choose }: WalkOptions): Walk {
  const constraint = openConstraint(grammar, { tokenizer, vocab: VOCAB, endIds: [END_ID] })
  const chance = random(seed)
  const pick = choose ?? ((ids: readonly number[]) => ids[Math.floor(chance() * ids.length)])
  const ids: number[] = []
  while (ids.length < budget && !constraint.isFinished) {
    const next = nextIds(constraint, budget - ids.length, (allowed) => pick(allowed, chance))
    if (next.includes(END_ID)) break
    for (const id of next) constraint.accept(id)
    ids.push(...next)
  }
  const bytes = ids.flatMap((id) => [...tokenizer.bytesOf(id)])
  const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(Uint8Array.from(bytes))
  return { text, ids, isComplete: constraint.isComplete }
}

function nextIds(
  constraint: Constraint,
  budget: number,
  pick: (ids: readonly number[]) => number | undefined,
): readonly number[] {
  const forced = constraint.forced(budget)
  if (forced.length > 0) return forced
  const id = pick(idsOf(constraint.mask(budget)))
  if (id === undefined) throw new Error('no token may follow')
  return [id]
}
