// The texts of the chat page in the chosen language. Views read `strings.value`, so they follow a change.
import { computed, type ReadonlySignal, signal } from '@preact/signals'
import { browserStorage, tryOrUndefined } from '../shared/storage.ts'
import { english, type Strings } from './en/index.ts'

/** The languages, by BCP 47 tag, each in its own name. */
export const LANGUAGES = { en: 'English', zh: '简体中文' } as const
export type Language = keyof typeof LANGUAGES

const STORAGE_KEY = 'hadal.language.1'

export const strings = signal<Strings>(english)
export const language = signal<Language>('en')

/** Texts that a part of the page brings along, in the chosen language. */
export const inLanguage = <T>(texts: Readonly<Record<Language, T>>): ReadonlySignal<T> =>
  computed(() => texts[language.value])

/** Shows the language chosen earlier, else the first of the browser's that there is. */
export async function startLanguage(): Promise<void> {
  const saved = tryOrUndefined(() => browserStorage().getItem(STORAGE_KEY))
  await showLanguage(preferredLanguage([...(saved ? [saved] : []), ...navigator.languages]))
}

/** Shows and remembers a language. */
export async function changeLanguage(chosen: Language): Promise<void> {
  tryOrUndefined(() => browserStorage().setItem(STORAGE_KEY, chosen))
  await showLanguage(chosen)
}

/** The first tag whose language there is; English without one. */
export function preferredLanguage(tags: readonly string[]): Language {
  const known = Object.keys(LANGUAGES) as Language[]
  const found = tags.map((tag) => known.find((name) => tag.split('-')[0]?.toLowerCase() === name))
  return found.find((name) => name !== undefined) ?? 'en'
}

// Another language is a chunk of its own, which only its readers load.
async function showLanguage(chosen: Language): Promise<void> {
  const texts = chosen === 'zh' ? (await import('./zh/index.ts')).chinese : english
  strings.value = texts
  language.value = chosen
  document.documentElement.lang = chosen
}
