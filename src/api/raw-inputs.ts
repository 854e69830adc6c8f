// Reads the input of a text completion or an embedding: texts and token ids.
import { badField } from '../lib/check.ts'
import type { Fields } from '../lib/fields.ts'
import { isJsonObject } from '../lib/json.ts'

/** A text, or its token ids. */
export type RawInput = string | readonly number[]

const MAX_INPUTS = 2048 // OpenAI's

/** Reads one input or a list of them, none empty. Throws `bad_request`, naming the field. */
export function readInputs(fields: Fields, key: string): readonly RawInput[] {
  const value = fields.get(key)
  const isList = Array.isArray(value) && !isIds(value)
  const list: readonly unknown[] = isList ? value : [value]
  if (list.length === 0 || list.length > MAX_INPUTS)
    throw badField(key, `must have 1 to ${MAX_INPUTS} inputs, not ${list.length}`)
  return list.map((item, index) => readItem(isList ? `${key}[${index}]` : key, item))
}

function readItem(field: string, item: unknown): RawInput {
  if (isIds(item) || (typeof item === 'string' && item !== '')) return item
  const isEmpty = item === '' || (Array.isArray(item) && item.length === 0)
  const hint = isJsonObject(item) ? 'Images and audio are not supported.' : ''
  throw badField(field, isEmpty ? 'must not be empty' : 'must be a text or a list of token ids', hint)
}

// Whether each is a token of the model is checked where the model is known.
const isIds = (value: unknown): value is readonly number[] =>
  Array.isArray(value) && value.length > 0 && value.every(Number.isInteger)
