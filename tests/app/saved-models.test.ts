// Tests of normalizing model sources and of the saved load options.
import { beforeEach, expect, test } from 'vitest'
import { normalizedSource } from '../../src/app/shared/models/model-source.ts'
import { forgetOptions, savedOptionsFor, saveOptions } from '../../src/app/shared/models/saved-options.ts'
import { memoryStorage } from './memory-storage.ts'

const PAGE_ORIGIN = 'http://127.0.0.2:9'

test.each([
  ['https://host.example/models/m', 'https://host.example/models/m/'],
  ['https://host.example/models/m/', 'https://host.example/models/m/'],
  ['http://localhost:8000/m', 'http://localhost:8000/m/'],
  ['http://127.0.0.1/m', 'http://127.0.0.1/m/'],
  [`${PAGE_ORIGIN}/models/m`, `${PAGE_ORIGIN}/models/m/`],
  ['hf:org/name@main', 'hf:org/name@main'],
])('%s is normalized to %s', (written, source) => {
  expect(normalizedSource(written, PAGE_ORIGIN)).toBe(source)
  expect(normalizedSource(source, PAGE_ORIGIN)).toBe(source)
})

test.each([
  'http://192.168.1.7:8000/m',
  'http://nas.local/m',
  'http://[::1]/m',
  'ftp://localhost/m',
  'file:///m',
])('%s is refused without a request', (written) => {
  expect(() => normalizedSource(written, PAGE_ORIGIN)).toThrow(
    expect.objectContaining({ code: 'bad_request', hint: expect.stringContaining('localhost') }),
  )
})

test('an empty folder is refused', () => {
  expect(() => normalizedSource([], PAGE_ORIGIN)).toThrow(expect.objectContaining({ code: 'not_found' }))
  const files = [new File(['{}'], 'config.json')]
  expect(normalizedSource(files, PAGE_ORIGIN)).toEqual(files)
})

let storage = memoryStorage()
const getStorage = () => storage
beforeEach(() => {
  storage = memoryStorage()
})

test('saved options are restored, and the token is not saved', () => {
  const options = {
    quantize: 'q4',
    contextLength: 4096,
    cache: 'fp8',
    token: 'hf_secret',
    keep: 'files',
  } as const
  saveOptions('hf:org/a', options, getStorage)
  saveOptions('hf:org/b', { quantize: 'none' }, getStorage)
  expect(savedOptionsFor('hf:org/a', getStorage)).toEqual({
    quantize: 'q4',
    contextLength: 4096,
    cache: 'fp8',
  })
  expect(savedOptionsFor('hf:org/b', getStorage)).toEqual({ quantize: 'none' })
  expect(storage.getItem('hadal.options.1')).not.toContain('secret')
  forgetOptions('hf:org/a', getStorage)
  expect(savedOptionsFor('hf:org/a', getStorage)).toEqual({ quantize: 'auto' })
})

test.each([
  'nonsense',
  '7',
  'null',
  '[]',
  '{"hf:org/a":null}',
  '{"hf:org/a":"q4"}',
  '{"hf:org/a":{"quantize":"q2","contextLength":"many","cache":"f64"}}',
  '{"hf:org/a":{"quantize":{"head":"q4"},"contextLength":true,"cache":7}}',
])('stored %s is ignored', (text) => {
  storage.setItem('hadal.options.1', text)
  expect(savedOptionsFor('hf:org/a', getStorage)).toEqual({ quantize: 'auto' })
  saveOptions('hf:org/a', { quantize: 'q8' }, getStorage)
  expect(savedOptionsFor('hf:org/a', getStorage)).toEqual({ quantize: 'q8' })
})

test('blocked storage causes no error', () => {
  const refusing = () => {
    throw new DOMException('denied', 'SecurityError')
  }
  saveOptions('hf:org/a', { quantize: 'q8' }, refusing)
  forgetOptions('hf:org/a', refusing)
  expect(savedOptionsFor('hf:org/a', refusing)).toEqual({ quantize: 'auto' })
})
