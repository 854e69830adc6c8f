// Tests of the chat settings: parsing, requests, saving.
import { expect, test } from 'vitest'
import { checkRequest } from '../../src/api/request.ts'
import {
  changedCount,
  MODEL_DEFAULTS,
  type NumericSetting,
  parseSetting,
  restoreSettings,
  saveSettings,
  toRequestFields,
} from '../../src/app/state/settings.ts'
import { memoryStorage } from './memory-storage.ts'

const MESSAGES = [{ role: 'user', content: 'Hi' }]

test('empty settings add nothing to a request', () => {
  expect([toRequestFields(MODEL_DEFAULTS), changedCount(MODEL_DEFAULTS)]).toEqual([{}, 0])
})

test('settings become request fields that the API accepts', () => {
  const written = { system: 'Be short.', temperature: '0,7', top_p: ' 0.9', max_tokens: '64', seed: '7' }
  expect(toRequestFields(written)).toEqual({ temperature: 0.7, top_p: 0.9, max_tokens: 64, seed: 7 })
  expect(changedCount(written)).toBe(5)
  const [request] = checkRequest({ ...toRequestFields(written), messages: MESSAGES }).requests
  expect(request).toMatchObject({ sampling: { temperature: 0.7, topP: 0.9, seed: 7 }, maxTokens: 64 })
})

test.each<[NumericSetting, string]>([
  ['temperature', '2.1'],
  ['temperature', '-0.1'],
  ['temperature', 'warm'],
  ['top_p', '1.01'],
  ['max_tokens', '0'],
  ['max_tokens', '1.5'],
  ['seed', '-1'],
  ['seed', '4294967296'],
  ['seed', 'Infinity'],
])('%s of %s is ignored, and the API would refuse it', (name, text) => {
  expect(parseSetting(name, text)).toBeNaN()
  expect(toRequestFields({ ...MODEL_DEFAULTS, [name]: text })).toEqual({})
  expect(() => checkRequest({ [name]: Number(text), messages: MESSAGES })).toThrow(name)
})

test('settings survive a reload; entries that are no text are ignored', () => {
  const storage = memoryStorage()
  const changed = { ...MODEL_DEFAULTS, seed: '7', system: 'Be short.' }
  saveSettings(changed, () => storage)
  expect(restoreSettings(() => storage)).toEqual(changed)
  for (const text of ['nonsense', '7', 'null', '[]', '{"seed":7,"top_p":null,"other":"x"}']) {
    storage.setItem('hadal.settings.1', text)
    expect(restoreSettings(() => storage)).toEqual(MODEL_DEFAULTS)
  }
})

test('blocked storage causes no error', () => {
  const refusing = () => {
    throw new DOMException('denied', 'SecurityError')
  }
  saveSettings({ ...MODEL_DEFAULTS, seed: '8' }, refusing)
  expect(restoreSettings(refusing)).toEqual(MODEL_DEFAULTS)
})
