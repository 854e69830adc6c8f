// Answers: how does the person want answers to be made? As it was written, kept in this browser, and as a request says it: only what
// makes sense. It must not know how anything looks.
import { signal } from '@preact/signals'

/** As written; empty: the model's own. */
export interface Settings {
  readonly system: string
  readonly temperature: string
  readonly top_p: string
  readonly max_tokens: string
  readonly seed: string
}

export type NumberName = Exclude<keyof Settings, 'system'>
type Shelf = () => Storage

const key = 'hadal.settings.1'
const browser: Shelf = () => localStorage
const most = 2 ** 32 - 1

/** What the numbers may be, both ends included. */
export const ranges: Readonly<Record<NumberName, { low: number; high: number; whole: boolean }>> = {
  temperature: { low: 0, high: 2, whole: false },
  top_p: { low: 0, high: 1, whole: false },
  max_tokens: { low: 1, high: most, whole: true },
  seed: { low: 0, high: most, whole: true },
}

export const modelsOwn: Settings = { system: '', temperature: '', top_p: '', max_tokens: '', seed: '' }
export const settings = signal<Settings>(restoreSettings())

/** Changes some of them. A full or forbidden storage is no reason to disturb anyone. */
export function changeSettings(changes: Partial<Settings>, shelf: Shelf = browser): void {
  settings.value = { ...settings.value, ...changes }
  try {
    shelf().setItem(key, JSON.stringify(settings.value))
  } catch {}
}

/** What was written last time. */
export function restoreSettings(shelf: Shelf = browser): Settings {
  try {
    const found: unknown = JSON.parse(shelf().getItem(key) ?? '{}')
    const texts = Object.entries(found ?? {}).filter(
      ([name, text]) => Object.hasOwn(modelsOwn, name) && typeof text === 'string',
    )
    return { ...modelsOwn, ...Object.fromEntries(texts) }
  } catch {
    return modelsOwn
  }
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
