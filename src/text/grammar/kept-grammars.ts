// Keeps the grammars of recent requests: what is computed for a grammar is kept with it.
import type { Grammar } from './grammar.ts'

const MAX_KEPT = 8
const grammars = new WeakMap<object, Map<string, Grammar>>()

/**
 * The grammar that was made for this key, or a new one.
 * @param owner what the grammars depend on besides the key, such as the tokenizer
 */
export function keptGrammar(owner: object, key: string, make: () => Grammar): Grammar {
  const kept = grammars.get(owner) ?? new Map<string, Grammar>()
  grammars.set(owner, kept)
  const grammar = kept.get(key) ?? make()
  kept.delete(key)
  kept.set(key, grammar)
  for (const oldest of kept.keys()) if (kept.size > MAX_KEPT) kept.delete(oldest)
  return grammar
}
