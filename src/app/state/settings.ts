// Sampling settings and system prompt: kept as text in localStorage, and sent with requests if valid.
import { signal } from '@preact/signals'
import { SAMPLING_RANGES } from '../../api/request.ts'
import { browserStorage, type StorageGetter, tryOrUndefined } from '../shared/storage.ts'

/** As typed; empty means the model's default. */
export interface ChatSettings {
  readonly system: string
  readonly temperature: string
  readonly top_p: string
  readonly max_tokens: string
  readonly seed: string
}

export type NumericSetting = Exclude<keyof ChatSettings, 'system'>

const STORAGE_KEY = 'hadal.settings.1'

interface SettingRange {
  readonly low: number
  readonly high: number
  readonly whole: boolean
}

function rangeOf(name: keyof typeof SAMPLING_RANGES): SettingRange {
  const [, low, high, whole = false] = SAMPLING_RANGES[name]
  return { low, high, whole }
}

/** Valid ranges, both ends included. */
export const SETTING_RANGES: Readonly<Record<NumericSetting, SettingRange>> = {
  temperature: rangeOf('temperature'),
  top_p: rangeOf('topP'),
  max_tokens: { low: 1, high: 2 ** 32 - 1, whole: true },
  seed: rangeOf('seed'),
}

export const MODEL_DEFAULTS: ChatSettings = {
  system: '',
  temperature: '',
  top_p: '',
  max_tokens: '',
  seed: '',
}
export const settings = signal<ChatSettings>(restoreSettings())

/** Changes and saves some settings. */
export function changeSettings(
  changes: Partial<ChatSettings>,
  getStorage: StorageGetter = browserStorage,
): void {
  settings.value = { ...settings.value, ...changes }
  tryOrUndefined(() => getStorage().setItem(STORAGE_KEY, JSON.stringify(settings.value)))
}

/** The saved settings; invalid entries are ignored. */
export function restoreSettings(getStorage: StorageGetter = browserStorage): ChatSettings {
  const found = tryOrUndefined((): unknown => JSON.parse(getStorage().getItem(STORAGE_KEY) ?? '{}'))
  const texts = Object.entries(found ?? {}).filter(
    ([name, text]) => Object.hasOwn(MODEL_DEFAULTS, name) && typeof text === 'string',
  )
  return { ...MODEL_DEFAULTS, ...Object.fromEntries(texts) }
}

/** The number typed; undefined if empty, NaN if invalid. */
export function parseSetting(name: NumericSetting, input: string): number | undefined {
  const text = input.trim().replace(',', '.')
  if (text === '') return undefined
  const { low, high, whole } = SETTING_RANGES[name]
  const number = Number(text)
  return number >= low && number <= high && (Number.isInteger(number) || !whole) ? number : Number.NaN
}

/** The request fields for these settings. Invalid ones are left out, so the model's default applies. */
export function toRequestFields(input: ChatSettings): Partial<Record<NumericSetting, number>> {
  const names = Object.keys(SETTING_RANGES) as NumericSetting[]
  const numbers = names.map((name) => [name, parseSetting(name, input[name])] as const)
  return Object.fromEntries(numbers.filter(([, number]) => number !== undefined && !Number.isNaN(number)))
}

/** How many settings differ from the model's defaults. */
export function changedCount(input: ChatSettings): number {
  return Object.keys(toRequestFields(input)).length + (input.system.trim() === '' ? 0 : 1)
}
