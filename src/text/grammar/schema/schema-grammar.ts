// Turns a JSON schema into a grammar of valid answers, or refuses it by the name of what is not supported.
import { badField } from '../../../lib/check.ts'
import { choice, type Expression, type GrammarBuilder, NOTHING, repeat, words } from '../grammar.ts'
import { arrayText } from './arrays.ts'
import { isApart } from './disjoint.ts'
import { JSON_STRINGS, JsonRules, RAW_STRINGS, type StringForm } from './json-text.ts'
import {
  asSchema,
  assertionsOf,
  checkKeywords,
  childPath,
  type JsonType,
  type Schema,
  SchemaFields,
} from './keywords.ts'
import { mergeSchemas } from './merge.ts'
import { numberText } from './number-schema.ts'
import { objectText } from './objects.ts'
import { resolvePointer } from './references.ts'
import { impliedTypes } from './types.ts'
import { fixedValues, jsonText, passes } from './values.ts'

const MAX_DEPTH = 100
const MAX_SCHEMAS = 20_000

/** Writes the strings of a schema (`string-schema.ts`, which has a chunk of its own). */
export type WriteStrings = (
  fields: SchemaFields,
  context: { readonly builder: GrammarBuilder; readonly form: StringForm; readonly anyString: Expression },
) => Expression

export interface WriterOptions {
  readonly writeStrings: WriteStrings
  /** The rules of JSON, if other schemas of the grammar share them. */
  readonly json?: JsonRules
  /** Whether only strings are written, without quotes and escapes. */
  readonly isRaw?: boolean
}

/** Writes the values of one schema with all that it refers to. */
export class SchemaWriter {
  readonly #builder: GrammarBuilder
  readonly #root: unknown
  readonly #rootPath: string
  readonly #writeStrings: WriteStrings
  readonly #json: JsonRules
  readonly #strings: StringForm
  readonly #rules = new Map<unknown, Expression>() // of schemas that are referred to
  readonly #left: { readonly schema: unknown; readonly path: string; readonly rule: number }[] = []
  #depth = 0
  #count = 0

  constructor(
    builder: GrammarBuilder,
    root: unknown,
    path: string,
    { writeStrings, json = new JsonRules(builder), isRaw = false }: WriterOptions,
  ) {
    this.#builder = builder
    this.#root = root
    this.#rootPath = path
    this.#writeStrings = writeStrings
    this.#json = json
    this.#strings = isRaw ? RAW_STRINGS : JSON_STRINGS
  }

  /** Everything that a schema within the root generates, by default the root itself. */
  text(schema = this.#root, path = this.#rootPath): Expression {
    const text = this.#shared(schema, path)
    for (let item = this.#left.pop(); item !== undefined; item = this.#left.pop())
      this.#builder.define(item.rule, this.#write(item.schema, item.path))
    return text
  }

  /** A rule for a schema, the same at every place that refers to it. It is written later. */
  #shared(schema: unknown, path: string): Expression {
    const known = this.#rules.get(schema)
    if (known) return known
    const rule = this.#builder.declare(path)
    const reference: Expression = { kind: 'rule', rule }
    if (typeof schema === 'object') this.#rules.set(schema, reference)
    this.#left.push({ schema, path, rule })
    return reference
  }

  #write(value: unknown, path: string): Expression {
    if (this.#depth >= MAX_DEPTH) throw badField(path, `is nested more than ${MAX_DEPTH} levels deep`)
    if (++this.#count > MAX_SCHEMAS) throw badField(path, `leads to more than ${MAX_SCHEMAS} schemas`)
    this.#depth++
    const schema = asSchema(value, path)
    const text =
      schema === true ? this.#json.value : schema === false ? NOTHING : this.#writeSchema(schema, path)
    this.#depth--
    return text
  }

  #writeSchema(schema: Schema, path: string): Expression {
    const { $ref } = schema
    if ($ref !== undefined && assertionsOf(schema).length === 1) {
      this.#check(schema, path)
      const target = this.#target($ref, childPath(path, '$ref'))
      return this.#shared(target.schema, target.path)
    }
    const whole = this.#resolve(schema, path)
    if (typeof whole === 'boolean') return whole ? this.#json.value : NOTHING
    if (whole.anyOf !== undefined) return this.#writeBranches(whole, 'anyOf', path)
    if (whole.oneOf !== undefined) return this.#writeBranches(whole, 'oneOf', path)
    return this.#builder.rule(path, this.#writePlain(whole, path))
  }

  /**
   * The root as one schema of objects, its references followed and what applies together merged; false if it
   * allows none.
   */
  rootObject(): Schema | false {
    const root = this.#resolve(this.#root, this.#rootPath)
    if (typeof root === 'boolean') return root && { type: 'object' }
    return mergeSchemas(root, { type: 'object' }, this.#rootPath)
  }

  #check(schema: Schema, path: string): void {
    // A base for references changes what they mean; the whole schema's own changes nothing here.
    const { $id, id, ...others } = schema
    checkKeywords(schema === this.#root ? others : schema, path)
  }

  #target($ref: unknown, path: string): { schema: unknown; path: string } {
    return resolvePointer(this.#root, this.#rootPath, $ref, path)
  }

  /** Follows references and merges the schemas that apply together. */
  #resolve(value: unknown, path: string, depth = 0): Schema | boolean {
    if (depth > MAX_DEPTH) throw badField(path, 'refers to itself without end')
    if (++this.#count > MAX_SCHEMAS) throw badField(path, `leads to more than ${MAX_SCHEMAS} schemas`)
    const schema = asSchema(value, path)
    if (typeof schema === 'boolean') return schema
    this.#check(schema, path)
    const { $ref, allOf, $id, id, ...rest } = schema
    const parts: { schema: unknown; path: string }[] = []
    if ($ref !== undefined) parts.push(this.#target($ref, childPath(path, '$ref')))
    if (allOf !== undefined)
      for (const [at, part] of new SchemaFields(schema, path).list('allOf').entries())
        parts.push({ schema: part, path: childPath(path, 'allOf', at) })
    let merged: Schema | false = rest
    for (const part of parts) {
      const resolved = this.#resolve(part.schema, part.path, depth + 1)
      if (resolved === true) continue
      merged = resolved === false ? false : mergeSchemas(merged, resolved, part.path)
      if (merged === false) return false
    }
    return merged
  }

  #writeBranches(schema: Schema, keyword: 'anyOf' | 'oneOf', path: string): Expression {
    const { [keyword]: _, ...base } = schema
    const branches = new SchemaFields(schema, path).list(keyword)
    const isBare = assertionsOf(base).length === 0
    const merged = branches.map((branch, at): unknown => {
      if (isBare) return branch
      const resolved = this.#resolve(branch, childPath(path, keyword, at))
      if (typeof resolved === 'boolean') return resolved ? base : false
      return mergeSchemas(base, resolved, childPath(path, keyword, at))
    })
    if (keyword === 'oneOf') this.#checkApart(merged, childPath(path, keyword))
    return {
      kind: 'choice',
      options: merged.map((branch, at) => this.#write(branch, childPath(path, keyword, at))),
    }
  }

  /** `oneOf` wants exactly one branch: no value that is written for one may be valid for another. */
  #checkApart(branches: readonly unknown[], path: string): void {
    const resolve = (schema: unknown, at: string) => this.#resolve(schema, at)
    for (const [at, branch] of branches.entries())
      for (const [other, second] of branches.entries())
        if (at !== other && !isApart(branch, second, path, resolve))
          throw badField(
            path,
            `is not supported where a value may be valid for two branches (${at} and ${other})`,
            'Use `anyOf`, or give each branch its own `type`, or `const` of a required property.',
          )
  }

  #writePlain(schema: Schema, path: string): Expression {
    const values = fixedValues(schema, path)
    if (values) {
      const allowed = values.filter((value) => passes(value, schema, path))
      const texts = this.#isRaw ? allowed.filter(isText) : allowed.map((value) => jsonText(value, path))
      return words(...new Set(texts))
    }
    const fields = new SchemaFields(schema, path)
    const types = impliedTypes(fields)
    if (assertionsOf(schema).length === 0) return this.#json.value
    const distinct = types.filter((type) => type !== 'integer' || !types.includes('number'))
    return choice(...distinct.map((type) => this.#writeType(type, fields)))
  }

  get #isRaw(): boolean {
    return this.#strings === RAW_STRINGS
  }

  #writeType(type: JsonType, fields: SchemaFields): Expression {
    if (this.#isRaw && type !== 'string') return NOTHING
    const write = (schema: unknown, path: string) => this.#write(schema, path)
    switch (type) {
      case 'null':
        return words('null')
      case 'boolean':
        return words('true', 'false')
      case 'integer':
      case 'number':
        return numberText(fields, type === 'integer', this.#builder, this.#json.number)
      case 'string':
        return this.#writeStrings(fields, {
          builder: this.#builder,
          form: this.#strings,
          anyString: this.#isRaw ? repeat(RAW_STRINGS.character) : this.#json.string,
        })
      case 'array':
        return arrayText(fields, this.#builder, write)
      case 'object':
        return objectText(fields, this.#builder, write, this.#json.object)
    }
  }
}

const isText = (value: unknown): value is string => typeof value === 'string'
