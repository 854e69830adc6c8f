// Tests of keyboard shortcuts: which key press means what, and what is left to browser and screen reader.
import { expect, test } from 'vitest'
import { SHORTCUT_KEYS, shortcutOf } from '../../src/app/shortcuts/state.ts'

const press = (key: string, more: Partial<Parameters<typeof shortcutOf>[0]> = {}) => ({
  key,
  ctrlKey: false,
  metaKey: false,
  altKey: false,
  isComposing: false,
  repeat: false,
  defaultPrevented: false,
  ...more,
})

test('each key has one meaning, with and without caps lock', () => {
  const keys = Object.values(SHORTCUT_KEYS)
  expect(new Set(keys).size).toBe(keys.length)
  for (const [name, key] of Object.entries(SHORTCUT_KEYS)) {
    expect(shortcutOf(press(key))).toBe(name)
    expect(shortcutOf(press(key.toUpperCase()))).toBe(name)
  }
})

test.each(['ctrlKey', 'metaKey', 'altKey', 'isComposing', 'repeat', 'defaultPrevented'] as const)(
  'a key press with %s means nothing',
  (field) => {
    expect(shortcutOf(press('n', { [field]: true }))).toBeUndefined()
  },
)

test('other keys mean nothing', () => {
  for (const key of ['Tab', 'Enter', ' ', 'Escape', 'ArrowDown', 'h', '1', 'F6', 'Unidentified'])
    expect(shortcutOf(press(key))).toBeUndefined()
})
