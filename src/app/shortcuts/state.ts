// Keyboard shortcuts: their keys, which one a key press means, and whether single keys are used.
import { signal } from '@preact/signals'
import { browserStorage, tryOrUndefined } from '../shared/storage.ts'

/** Single keys: no combination that a browser or a screen reader could use for something else. */
export const SHORTCUT_KEYS = {
  newChat: 'n',
  question: '/',
  search: 's',
  stop: 'x',
  regenerate: 'r',
  edit: 'e',
  copy: 'c',
  models: 'm',
  theme: 't',
  previous: 'k',
  next: 'j',
  help: '?',
} as const
export type Shortcut = keyof typeof SHORTCUT_KEYS

const STORAGE_KEY = 'hadal.single-keys.1'

export const shortcutsOpen = signal(false)
/** Some people type by voice or hit keys by accident: then single keys must do nothing. */
export const singleKeys = signal(tryOrUndefined(() => browserStorage().getItem(STORAGE_KEY)) !== 'off')

export function openShortcuts(): void {
  shortcutsOpen.value = true
}

export function changeSingleKeys(used: boolean): void {
  singleKeys.value = used
  tryOrUndefined(() => browserStorage().setItem(STORAGE_KEY, used ? 'on' : 'off'))
}

type KeyPress = Pick<
  KeyboardEvent,
  'key' | 'ctrlKey' | 'metaKey' | 'altKey' | 'isComposing' | 'repeat' | 'defaultPrevented'
>

/** What a key press means outside of text fields; undefined if nothing. */
export function shortcutOf(event: KeyPress): Shortcut | undefined {
  const { ctrlKey, metaKey, altKey, isComposing, repeat, defaultPrevented } = event
  if (ctrlKey || metaKey || altKey || isComposing || repeat || defaultPrevented) return undefined
  const found = Object.entries(SHORTCUT_KEYS).find(([, key]) => key === event.key.toLowerCase())
  return found?.[0] as Shortcut | undefined
}
