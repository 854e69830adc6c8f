// Answers: does a request say what was written in the settings, and only what makes sense? It must not know the screen.
import { expect, test } from 'vitest'
import { checkRequest } from '../../src/api/request.ts'
import {
  changedCount,
  changeSettings,
  modelsOwn,
  type NumberName,
  numberOf,
  requestOf,
  restoreSettings,
  settings,
} from '../../src/app/state/settings.ts'
import { memoryStorage } from './memory-storage.ts'

const messages = [{ role: 'user', content: 'Hi' }]

test('what is left empty is the model’s own', () => {
  expect([requestOf(modelsOwn), changedCount(modelsOwn)]).toEqual([{}, 0])
})

test('what was written is asked for as the library wants it', () => {
  const written = { system: 'Be short.', temperature: '0,7', top_p: ' 0.9', max_tokens: '64', seed: '7' }
  expect(requestOf(written)).toEqual({ temperature: 0.7, top_p: 0.9, max_tokens: 64, seed: 7 })
  expect(changedCount(written)).toBe(5)
  const { request } = checkRequest({ ...requestOf(written), messages })
  expect(request).toMatchObject({ sampling: { temperature: 0.7, topP: 0.9, seed: 7 }, maxTokens: 64 })
})

test.each<[NumberName, string]>([
  ['temperature', '2.1'],
  ['temperature', '-0.1'],
  ['temperature', 'warm'],
  ['top_p', '1.01'],
  ['max_tokens', '0'],
  ['max_tokens', '1.5'],
  ['seed', '-1'],
  ['seed', '4294967296'],
  ['seed', 'Infinity'],
])('%s of %s is not used, and would be refused', (name, text) => {
  expect(numberOf(name, text)).toBeNaN()
  expect(requestOf({ ...modelsOwn, [name]: text })).toEqual({})
  expect(() => checkRequest({ [name]: Number(text), messages })).toThrow(name)
})

test('they come back after a reload, as far as they are texts', () => {
  const storage = memoryStorage()
  changeSettings({ seed: '7', system: 'Be short.' }, () => storage)
  expect(restoreSettings(() => storage)).toEqual(settings.value)
  expect(settings.value).toEqual({ ...modelsOwn, seed: '7', system: 'Be short.' })
  for (const text of ['nonsense', '7', 'null', '[]', '{"seed":7,"top_p":null,"other":"x"}']) {
    storage.setItem('hadal.settings.1', text)
    expect(restoreSettings(() => storage)).toEqual(modelsOwn)
  }
})

test('a browser that keeps nothing disturbs nobody', () => {
  const refusing = () => {
    throw new DOMException('denied', 'SecurityError')
  }
  changeSettings({ seed: '8' }, refusing)
  expect(settings.value.seed).toBe('8')
  expect(restoreSettings(refusing)).toEqual(modelsOwn)
})
