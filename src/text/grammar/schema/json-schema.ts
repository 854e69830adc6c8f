// Turns a JSON schema into a grammar: loads what strings need and writes the rules.
import { type Grammar, GrammarBuilder } from '../grammar.ts'
import { keptGrammar } from '../kept-grammars.ts'
import type { JsonRules } from './json-text.ts'
import { SchemaWriter, type WriteStrings } from './schema-grammar.ts'

/** A schema's grammar does not depend on the tokenizer. */
const KEPT = {}

/**
 * The grammar of all answers that a schema allows, or of a part of them: declared properties in their order,
 * no white space but after commas and colons.
 * @param path of the schema in the request
 * @throws HadalError bad_request, naming what is not supported or contradicts itself
 */
export async function jsonSchemaGrammar(schema: unknown, path: string): Promise<Grammar> {
  const { stringText } = await import('./string-schema.ts')
  const key = JSON.stringify([path, schema])
  return keptGrammar(KEPT, key, () => schemaGrammar(schema, path, stringText))
}

/** Opens a writer of parts of a schema, into the rules of a larger grammar. */
export type OpenSchemaWriter = (
  builder: GrammarBuilder,
  schema: unknown,
  path: string,
  options: { readonly json: JsonRules; readonly isRaw?: boolean },
) => SchemaWriter

/** Loads what a schema's writer needs. */
export async function schemaWriters(): Promise<OpenSchemaWriter> {
  const { stringText } = await import('./string-schema.ts')
  return openSchemaWriter(stringText)
}

export const openSchemaWriter =
  (writeStrings: WriteStrings): OpenSchemaWriter =>
  (builder, schema, path, options) =>
    new SchemaWriter(builder, schema, path, { ...options, writeStrings })

export function schemaGrammar(schema: unknown, path: string, writeStrings: WriteStrings): Grammar {
  const builder = new GrammarBuilder()
  const root = builder.declare(path)
  builder.define(root, new SchemaWriter(builder, schema, path, { writeStrings }).text())
  return builder.finish(root)
}
