// Refuses the fields of a request that are not known, but for those that change nothing here.
import { badField, unknownField } from '../lib/check.ts'
import type { Fields } from '../lib/fields.ts'
import { formatValue } from '../lib/format.ts'
import { always, emptyList, type IsNoOp, SERVER_FIELDS } from '../lib/no-op.ts'

const onlyText: IsNoOp = (value) => Array.isArray(value) && value.every((mode) => mode === 'text')
const without =
  (...words: readonly unknown[]): IsNoOp =>
  (value) =>
    words.includes(value)

/** For each field that other clients send, whether a value changes nothing. */
const NO_OP_FIELDS: ReadonlyMap<string, IsNoOp> = new Map([
  ...Object.entries(SERVER_FIELDS),
  ['metadata', always],
  ['modalities', onlyText],
  ['functions', emptyList],
  ['function_call', without('none', 'auto')],
  ['best_of', without(1)],
  ['verbosity', without('medium')],
])

/** Throws `bad_request` for a field that holds a value and is neither known nor without effect. */
export function refuseUnknown(fields: Fields, known: readonly string[]): void {
  const isNoOp = (field: string) => NO_OP_FIELDS.get(field)?.(fields.get(field)) ?? false
  const unknown = unknownField(fields, (field) => known.includes(field) || isNoOp(field))
  if (unknown === undefined) return
  if (NO_OP_FIELDS.has(unknown)) {
    const value = formatValue(fields.get(unknown))
    throw badField(unknown, `is not supported as ${value}`, 'Leave it out: it would change the answer.')
  }
  throw badField(unknown, 'is not supported', `Leave it out. Supported: ${known.join(', ')}.`)
}
