// Answers: how does the person want answers to be made? As it was written, kept in this browser, and as a request says it: only what
// makes sense. It must not know how anything looks.
import { signal } from '@preact/signals'
import { SAMPLING_NUMBERS } from '../../api/request.ts'
import { attempt, browser, type Shelf } from './shelf.ts'

/** As written; empty: the model's own. */
export interface Settings {
  readonly system: string
  readonly temperature: string
  readonly top_p: string
  readonly max_tokens: string
  readonly seed: string
}

export type NumberName = Exclude<keyof Settings, 'system'>

const key = 'hadal.settings.1'

interface Range {
  readonly low: number
  readonly high: number
  readonly whole: boolean
}

function rangeOf(name: keyof typeof SAMPLING_NUMBERS): Range {
  const [, low, high, whole = false] = SAMPLING_NUMBERS[name]
  return { low, high, whole }
}

/** What the numbers may be, both ends included. */
export const ranges: Readonly<Record<NumberName, Range>> = {
  temperature: rangeOf('temperature'),
  top_p: rangeOf('topP'),
  max_tokens: { low: 1, high: 2 ** 32 - 1, whole: true },
  seed: rangeOf('seed'),
}

export const modelsOwn: Settings = { system: '', temperature: '', top_p: '', max_tokens: '', seed: '' }
export const settings = signal<Settings>(restoreSettings())

/** Changes some of them. */
export function changeSettings(changes: Partial<Settings>, shelf: Shelf = browser): void {
  settings.value = { ...settings.value, ...changes }
  attempt(() => shelf().setItem(key, JSON.stringify(settings.value)))
}

/** What was written last time. */
export function restoreSettings(shelf: Shelf = browser): Settings {
  const found = attempt((): unknown => JSON.parse(shelf().getItem(key) ?? '{}'))
  const texts = Object.entries(found ?? {}).filter(
    ([name, text]) => Object.hasOwn(modelsOwn, name) && typeof text === 'string',
  )
  return { ...modelsOwn, ...Object.fromEntries(texts) }
}

/** The number that was written: undefined where nothing was, NaN where it makes no sense. */
export function numberOf(name: NumberName, written: string): number | undefined {
  const text = written.trim().replace(',', '.')
  if (text === '') return undefined
  const { low, high, whole } = ranges[name]
  const number = Number(text)
  return number >= low && number <= high && (Number.isInteger(number) || !whole) ? number : Number.NaN
}

/** What a request says of them. What makes no sense is left to the model. */
export function requestOf(written: Settings): Partial<Record<NumberName, number>> {
  const names = Object.keys(ranges) as NumberName[]
  const numbers = names.map((name) => [name, numberOf(name, written[name])] as const)
  return Object.fromEntries(numbers.filter(([, number]) => number !== undefined && !Number.isNaN(number)))
}

/** How many of them are not the model's own. */
export function changedCount(written: Settings): number {
  return Object.keys(requestOf(written)).length + (written.system.trim() === '' ? 0 : 1)
}
