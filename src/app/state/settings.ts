// Sampling settings and system prompt: kept as text with each conversation, and sent with requests if valid.
import { ANSWER_OPTIONS, SAMPLING_OPTIONS } from '../../api/request.ts'
import { isInRange, type NumberRange } from '../../lib/fields.ts'
import { isJsonObject } from '../../lib/json.ts'
import { browserStorage, type StorageGetter, tryOrUndefined } from '../shared/storage.ts'

const ALL_OPTIONS = [...Object.values(SAMPLING_OPTIONS), ...Object.values(ANSWER_OPTIONS)]
type OfferedOption = Extract<(typeof ALL_OPTIONS)[number], { readonly label: string }>

/** A field of the form, named like the field of the request. */
export type NumericSetting = OfferedOption['field']

/** As typed; empty means the model's default. */
export type ChatSettings = { readonly [Name in 'system' | NumericSetting]: string }

const STORAGE_KEY = 'hadal.settings.1'

export interface SettingRow extends NumberRange {
  readonly field: NumericSetting
  readonly label: string
}

/** The options that the form offers. */
export const NUMERIC_SETTINGS: readonly SettingRow[] = ALL_OPTIONS.filter((option) => 'label' in option)
const RANGES = bySetting<NumberRange>((row) => row)

export const MODEL_DEFAULTS: ChatSettings = {
  system: '',
  ...bySetting(() => ''),
}

/** Saves what the next new conversation begins with. */
export function saveSettings(settings: ChatSettings, getStorage: StorageGetter = browserStorage): void {
  tryOrUndefined(() => getStorage().setItem(STORAGE_KEY, JSON.stringify(settings)))
}

/** The settings saved last. */
export const restoreSettings = (getStorage: StorageGetter = browserStorage): ChatSettings =>
  readSettings(tryOrUndefined((): unknown => JSON.parse(getStorage().getItem(STORAGE_KEY) ?? '{}')))

/** Settings from stored JSON; invalid entries are ignored. */
export function readSettings(json: unknown): ChatSettings {
  const texts = Object.entries(isJsonObject(json) ? json : {}).filter(
    ([name, text]) => Object.hasOwn(MODEL_DEFAULTS, name) && typeof text === 'string',
  )
  return { ...MODEL_DEFAULTS, ...Object.fromEntries(texts) }
}

/** The number typed; undefined if empty, NaN if invalid. */
export function parseSetting(name: NumericSetting, input: string): number | undefined {
  const text = input.trim().replace(',', '.')
  if (text === '') return undefined
  const number = Number(text)
  return isInRange(number, RANGES[name]) ? number : Number.NaN
}

/** The request fields for these settings. Invalid ones are left out, so the model's default applies. */
export function toRequestFields(input: ChatSettings): Partial<Record<NumericSetting, number>> {
  const numbers = NUMERIC_SETTINGS.map(({ field }) => [field, parseSetting(field, input[field])] as const)
  return Object.fromEntries(numbers.filter(([, number]) => number !== undefined && !Number.isNaN(number)))
}

/** How many settings differ from the model's defaults. */
export function changedCount(input: ChatSettings): number {
  return Object.keys(toRequestFields(input)).length + (input.system.trim() === '' ? 0 : 1)
}

function bySetting<T>(toValue: (row: SettingRow) => T): Readonly<Record<NumericSetting, T>> {
  const values = NUMERIC_SETTINGS.map((row) => [row.field, toValue(row)])
  return Object.fromEntries(values) as Record<NumericSetting, T>
}
