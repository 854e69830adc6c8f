// Refuses the fields of a request that are not known, but for those that change nothing here.
import { badField } from '../lib/check.ts'
import type { Fields } from '../lib/fields.ts'
import { formatValue } from '../lib/format.ts'
import { isJsonObject } from '../lib/json.ts'

type IsNoOp = (value: unknown) => boolean

const always: IsNoOp = () => true
const emptyList: IsNoOp = (value) => Array.isArray(value) && value.length === 0
const onlyText: IsNoOp = (value) => Array.isArray(value) && value.every((mode) => mode === 'text')
const plainText: IsNoOp = (value) => isJsonObject(value) && value.type === 'text'
const without =
  (...words: readonly unknown[]): IsNoOp =>
  (value) =>
    words.includes(value)

/** For each field that other clients send, whether a value changes nothing. */
const NO_OP_FIELDS: ReadonlyMap<string, IsNoOp> = new Map([
  // They are for servers: who asks, and how that is stored, billed and cached.
  ['user', always],
  ['metadata', always],
  ['store', always],
  ['service_tier', always],
  ['safety_identifier', always],
  ['prompt_cache_key', always],
  ['prompt_cache_retention', always],
  ['response_format', plainText],
  ['modalities', onlyText],
  ['functions', emptyList],
  ['function_call', without('none', 'auto')],
  ['best_of', without(1)],
  ['verbosity', without('medium')],
])

/** Throws `bad_request` for a field that holds a value and is neither known nor without effect. */
export function refuseUnknown(fields: Fields, known: readonly string[]): void {
  const isKnown = (field: string) => known.includes(field) || NO_OP_FIELDS.get(field)?.(fields.get(field))
  const unknown = fields.keys().find((field) => fields.has(field) && !isKnown(field))
  if (unknown === undefined) return
  if (NO_OP_FIELDS.has(unknown)) {
    const value = formatValue(fields.get(unknown))
    throw badField(unknown, `is not supported as ${value}`, 'Leave it out: it would change the answer.')
  }
  throw badField(unknown, 'is not supported', `Leave it out. Supported: ${known.join(', ')}.`)
}
