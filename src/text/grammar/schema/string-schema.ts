// Grammars of the strings that a schema allows.
import { badField } from '../../../lib/check.ts'
import { formatValue } from '../../../lib/format.ts'
import { type Expression, repeat } from '../grammar.ts'
import { FORMATS } from './formats.ts'
import type { StringForm } from './json-text.ts'
import { notSupported, type SchemaFields } from './keywords.ts'
import { patternContent } from './pattern.ts'
import { UnsupportedPattern } from './pattern-reader.ts'

/** @param anyString what all strings are written by */
export function stringText(fields: SchemaFields, form: StringForm, anyString: Expression): Expression {
  const min = fields.count('minLength', 0)
  const max = fields.count('maxLength', Number.POSITIVE_INFINITY)
  const pattern = fields.text('pattern')
  const format = fields.text('format')
  if (pattern !== undefined && format !== undefined)
    throw notSupported(fields.pathOf('format'), 'Leave it out beside `pattern`.')
  const keyword = pattern === undefined ? 'format' : 'pattern'
  const source = pattern ?? (format === undefined ? undefined : formatPattern(format, fields))
  if (source === undefined)
    return min === 0 && max === Number.POSITIVE_INFINITY
      ? anyString
      : form.whole(repeat(form.character, min, max))
  try {
    return form.whole(patternContent(source, { min, max }, form))
  } catch (error) {
    if (!(error instanceof UnsupportedPattern)) throw error
    throw badField(
      fields.pathOf(keyword),
      `is not supported: ${formatValue(source)} ${error.message}`,
      'Supported are patterns without lookaround and back-references, with ^ and $ at their ends only.',
    )
  }
}

function formatPattern(format: string, fields: SchemaFields): string {
  const found = Object.hasOwn(FORMATS, format) ? FORMATS[format] : undefined
  if (found !== undefined) return found
  throw badField(
    fields.pathOf('format'),
    `is not supported: ${formatValue(format)}`,
    `Supported are ${Object.keys(FORMATS).join(', ')}.`,
  )
}
