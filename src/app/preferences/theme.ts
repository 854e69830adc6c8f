// The chosen colours: those of the system, light, or dark. public/theme.js sets them before the first paint.
import { signal } from '@preact/signals'
import { browserStorage, tryOrUndefined } from '../shared/storage.ts'

export const THEMES = ['system', 'light', 'dark'] as const
export type Theme = (typeof THEMES)[number]

const STORAGE_KEY = 'hadal.theme.1'

export const theme = signal<Theme>('system')

/** Shows the colours chosen earlier, and follows other tabs. */
export function startTheme(): void {
  showTheme(tryOrUndefined(() => browserStorage().getItem(STORAGE_KEY)))
  addEventListener('storage', ({ key, newValue }) => {
    if (key === STORAGE_KEY) showTheme(newValue)
  })
}

/** Shows and remembers colours. */
export function changeTheme(chosen: Theme): void {
  tryOrUndefined(() => browserStorage().setItem(STORAGE_KEY, chosen))
  showTheme(chosen)
}

export const nextTheme = (): Theme => THEMES[(THEMES.indexOf(theme.value) + 1) % THEMES.length] ?? 'system'

function showTheme(stored: string | null | undefined): void {
  const chosen = THEMES.find((name) => name === stored) ?? 'system'
  theme.value = chosen
  document.documentElement.dataset.theme = chosen
  // The browser's own bar follows: a meta element with `media` holds for the system's colours only.
  for (const meta of document.querySelectorAll<HTMLMetaElement>('meta[name="theme-color"]')) {
    const own = meta.dataset.scheme ?? (/dark/.test(meta.media) ? 'dark' : 'light')
    meta.dataset.scheme = own
    meta.media = chosen === 'system' ? `(prefers-color-scheme: ${own})` : chosen === own ? 'all' : 'not all'
  }
}
