// Grammars of the strings that a schema allows, loaded on demand with patterns and formats.
import { badField } from '../../../lib/check.ts'
import { formatValue } from '../../../lib/format.ts'
import { type Expression, type GrammarBuilder, repeat } from '../grammar.ts'
import { FORMATS, isStandardFormat } from './formats.ts'
import { intersection } from './intersection.ts'
import type { StringForm } from './json-text.ts'
import type { SchemaFields } from './keywords.ts'
import { type LengthLimits, patternContent } from './pattern.ts'
import { UnsupportedPattern } from './pattern-reader.ts'

export interface StringContext {
  readonly builder: GrammarBuilder
  readonly form: StringForm
  /** What all strings are written by. */
  readonly anyString: Expression
}

const ALL: LengthLimits = { min: 0, max: Number.POSITIVE_INFINITY }

export function stringText(fields: SchemaFields, { builder, form, anyString }: StringContext): Expression {
  const limits = { min: fields.count('minLength', ALL.min), max: fields.count('maxLength', ALL.max) }
  const isLimited = limits.min > ALL.min || limits.max < ALL.max
  const patterns = patternsOf(fields)
  const [first] = patterns
  if (!first) return isLimited ? form.whole(repeat(form.character, limits.min, limits.max)) : anyString
  const content = (pattern: NamedPattern, within = ALL) =>
    withPattern(fields, pattern, () => patternContent(pattern.source, within, form))
  const only = patterns.length === 1 ? content(first, limits) : undefined
  if (only) return form.whole(only)
  const lengths = isLimited ? [repeat(form.of([[0, 0x10ffff]]), limits.min, limits.max)] : []
  const contents = patterns.map((pattern) => content(pattern) ?? anyString)
  const both = intersection(builder, [...contents, ...lengths])
  if (both) return form.whole(both)
  throw badField(
    fields.pathOf(first.keyword),
    'is not supported: with the other limits of the string it takes too many rules',
    'Leave out `minLength` and `maxLength`, or use one pattern.',
  )
}

interface NamedPattern {
  readonly keyword: 'pattern' | 'format'
  readonly source: string
}

function patternsOf(fields: SchemaFields): readonly NamedPattern[] {
  const patterns = fields.patterns().map((source): NamedPattern => ({ keyword: 'pattern', source }))
  const format = fields.text('format')
  if (format === undefined) return patterns
  const source = Object.hasOwn(FORMATS, format) ? FORMATS[format] : undefined
  if (source !== undefined) return [...patterns, { keyword: 'format', source }]
  // Names of their own tools, such as zod's "cuid", only explain the pattern beside them.
  if (patterns.length > 0 && !isStandardFormat(format)) return patterns
  throw badField(
    fields.pathOf('format'),
    `is not supported: ${formatValue(format)}`,
    `Supported are ${Object.keys(FORMATS).join(', ')}.`,
  )
}

function withPattern<T>(fields: SchemaFields, { keyword, source }: NamedPattern, write: () => T): T {
  try {
    return write()
  } catch (error) {
    if (!(error instanceof UnsupportedPattern)) throw error
    throw badField(
      fields.pathOf(keyword),
      `is not supported: ${formatValue(source)} ${error.message}`,
      'Supported are patterns without lookaround and back-references, with ^ and $ at their ends only.',
    )
  }
}
