// Merges the user's changes over a model's config.json.
import { formatValue } from '../../lib/format.ts'
import { isJsonObject } from '../../lib/json.ts'
import type { Notices } from '../../lib/notices.ts'

/** Keys of config.json with the values that the user gives them; null: as if the file had no such key. */
export type ConfigChanges = Readonly<Record<string, unknown>>

/** Tells what each change is, and what the file has instead. */
export function noteChanges(changes: ConfigChanges, file: unknown, notices: Notices, path = ''): void {
  for (const [key, value] of Object.entries(changes)) {
    const old = isJsonObject(file) && Object.hasOwn(file, key) ? file[key] : undefined
    if (isJsonObject(value)) noteChanges(value, old, notices, `${path}${key}.`)
    else {
      const [now, before] = [formatValue(value), formatValue(old)]
      notices.add(`config.json: ${path}${key} is ${now} as asked for; in the file it is ${before}.`)
    }
  }
}

/** Keys that say what an object is; one that says it replaces the file's and is not mixed with it. */
const KIND_KEYS = ['type', 'rope_type', 'quant_method']

/** The file's config with the user's changes, object by object. */
export function mergeConfig(file: ConfigChanges, changes: ConfigChanges): ConfigChanges {
  const touchesRotary = ROTARY_KEYS.some((key) => Object.hasOwn(changes, key))
  return touchesRotary ? merge(gatherRotary(file), gatherNames(changes)) : merge(file, changes)
}

function merge(file: ConfigChanges, changes: ConfigChanges): ConfigChanges {
  const merged = new Map(Object.entries(file))
  for (const [key, value] of Object.entries(changes)) {
    const old = merged.get(key)
    const isWhole = !isJsonObject(value) || KIND_KEYS.some((kind) => (value[kind] ?? null) !== null)
    if (value === null) merged.delete(key)
    else merged.set(key, isWhole || !isJsonObject(old) ? value : merge(old, value))
  }
  return Object.fromEntries(merged)
}

const LIFTED = ['rope_theta', 'partial_rotary_factor']
const ORIGINAL = 'original_max_position_embeddings'
const ROTARY_KEYS = ['rope_scaling', 'rope_parameters', ORIGINAL, ...LIFTED]

/**
 * The file's rotary keys in one form, so that the user's win wherever the file has them: the base and the
 * rotated part at the top (transformers 5 keeps them in `rope_parameters`), all else in `rope_scaling`.
 */
function gatherRotary(file: ConfigChanges): ConfigChanges {
  const { rope_scaling: scaling, rope_parameters: parameters, [ORIGINAL]: original, ...rest } = file
  const found = scaling ?? parameters
  const nested = isJsonObject(found) && isJsonObject(found.full_attention) ? found.full_attention : found
  const entries = isJsonObject(nested) ? Object.entries(nested) : []
  const lifted = entries.filter(([key]) => LIFTED.includes(key))
  const kept = Object.fromEntries(entries.filter((entry) => !lifted.includes(entry)))
  const rope = { ...kept, ...(original !== undefined && { [ORIGINAL]: original }) }
  return { ...rest, ...Object.fromEntries(lifted), rope_scaling: rope }
}

/** The changes with one name for the scaling; its keys win over the file's. */
function gatherNames({ rope_parameters: parameters, ...changes }: ConfigChanges): ConfigChanges {
  return parameters === undefined ? changes : { rope_scaling: parameters, ...changes }
}
