// The grammar of any JSON object.
import { type Grammar, GrammarBuilder } from '../grammar.ts'
import { keptGrammar } from '../kept-grammars.ts'
import { JsonRules } from './json-text.ts'

const KEPT = {}

/** The grammar of any JSON object, spaced as that of a schema. */
export function jsonObjectGrammar(): Grammar {
  return keptGrammar(KEPT, 'object', () => {
    const builder = new GrammarBuilder()
    const root = builder.declare('root')
    builder.define(root, new JsonRules(builder).object)
    return builder.finish(root)
  })
}
