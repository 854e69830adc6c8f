// Answers: is a place the same however it is written, and does a kept model open as it was opened before? It must not know the screen.
import { beforeEach, expect, test } from 'vitest'
import { forgetOptions, optionsFor, rememberOptions } from '../../src/app/state/kept-options.ts'
import { settled } from '../../src/app/state/place.ts'
import { memoryStorage } from './memory-storage.ts'

const own = 'http://127.0.0.2:9'

test.each([
  ['https://host.example/models/m', 'https://host.example/models/m/'],
  ['https://host.example/models/m/', 'https://host.example/models/m/'],
  ['http://localhost:8000/m', 'http://localhost:8000/m/'],
  ['http://127.0.0.1/m', 'http://127.0.0.1/m/'],
  [`${own}/models/m`, `${own}/models/m/`],
  ['hf:org/name@main', 'hf:org/name@main'],
])('%s is %s everywhere', (written, place) => {
  expect(settled(written, own)).toBe(place)
  expect(settled(place, own)).toBe(place)
})

test.each([
  'http://192.168.1.7:8000/m',
  'http://nas.local/m',
  'http://[::1]/m',
  'ftp://localhost/m',
  'file:///m',
])('%s is refused before it is asked', (written) => {
  expect(() => settled(written, own)).toThrow(
    expect.objectContaining({ code: 'bad_request', hint: expect.stringContaining('localhost') }),
  )
})

test('a folder without files of its own is named', () => {
  expect(() => settled([], own)).toThrow(expect.objectContaining({ code: 'not_found' }))
  const files = [new File(['{}'], 'config.json')]
  expect(settled(files, own)).toEqual(files)
})

let storage = memoryStorage()
const shelf = () => storage
beforeEach(() => {
  storage = memoryStorage()
})

test('a kept model opens as it was opened, and without its token', () => {
  const options = {
    quantize: 'q4',
    contextLength: 4096,
    cache: 'fp8',
    token: 'hf_secret',
    keep: 'files',
  } as const
  rememberOptions('hf:org/a', options, shelf)
  rememberOptions('hf:org/b', { quantize: 'none' }, shelf)
  expect(optionsFor('hf:org/a', shelf)).toEqual({ quantize: 'q4', contextLength: 4096, cache: 'fp8' })
  expect(optionsFor('hf:org/b', shelf)).toEqual({ quantize: 'none' })
  expect(storage.getItem('hadal.options.1')).not.toContain('secret')
  forgetOptions('hf:org/a', shelf)
  expect(optionsFor('hf:org/a', shelf)).toEqual({ quantize: 'auto' })
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
])('of stored %s nothing is believed', (text) => {
  storage.setItem('hadal.options.1', text)
  expect(optionsFor('hf:org/a', shelf)).toEqual({ quantize: 'auto' })
  rememberOptions('hf:org/a', { quantize: 'q8' }, shelf)
  expect(optionsFor('hf:org/a', shelf)).toEqual({ quantize: 'q8' })
})

test('a browser that keeps nothing disturbs nobody', () => {
  const refusing = () => {
    throw new DOMException('denied', 'SecurityError')
  }
  rememberOptions('hf:org/a', { quantize: 'q8' }, refusing)
  forgetOptions('hf:org/a', refusing)
  expect(optionsFor('hf:org/a', refusing)).toEqual({ quantize: 'auto' })
})
